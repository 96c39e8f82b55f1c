import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { makeId } from "../src/ids.ts";
import { startStage } from "./support.ts";
import { serve } from "./textizen-upstream.ts";
import { createScope, createWriteScope, failureOf, type Received, sendJson, startUpstream } from "./upstream.ts";

const POLL = makeId("Poll", "3");
const MAILING = { sendAt: new Date("2099-03-14T15:26:53Z") };
const ACCOUNT = { credentials: { email: "you@example.com", password: "your_password" } };
const SIGN_IN = "/api/users/sign_in";

type End = (response: ServerResponse) => void;

const redirect =
  (location: string, status = 302): End =>
  (response) =>
    response.writeHead(status, { location }).end();
const html =
  (status: number): End =>
  (response) =>
    response.writeHead(status, { "content-type": "text/html" }).end("<form action='/users/sign_in'></form>");
const json =
  (body: unknown, status = 200): End =>
  (response) =>
    sendJson(response, body, status);

/** A platform whose session ends once, and says so like this. */
function ending(end: End, signIns: { count: number }) {
  return ({ path, body }: Received, response: ServerResponse): void => {
    if (path === SIGN_IN) {
      signIns.count += 1;
      sendJson(response, { auth_token: `t${signIns.count}` });
    } else if (body.includes('"t1"')) {
      end(response);
    } else {
      sendJson(response, path.endsWith("/mailings") ? { mailing: { id: 9 } } : []);
    }
  };
}

const ENDS: readonly (readonly [string, End])[] = [
  ["401", json({ error: "Invalid token" }, 401)],
  ["302 to a sign-in page", redirect("/users/sign_in")],
  ["303 to a login page elsewhere", redirect("https://www.textizen.com/login?return=%2Fapi", 303)],
  ["403 without a body", (response) => response.writeHead(403).end()],
  ["403 in JSON", json({ error: "Forbidden" }, 403)],
  ["422 that asks to sign in", json({ error: "You need to sign in or sign up before continuing." }, 422)],
  ["200 that asks to sign in", json({ error: "You need to sign in or sign up before continuing." })],
  ["200 of an expired session", json({ errors: ["Your session expired. Please sign in again to continue."] })],
  ["200 with the code 401", json({ code: 401, message: "Who are you?" })],
  ["200 about the token", json({ success: false, error: "Invalid authentication token." })],
];

describe.each(ENDS)("a session that ends with %s", (_name, end) => {
  test("is renewed once, and the read is made once more", async () => {
    const signIns = { count: 0 };
    await using upstream = await serve(ending(end, signIns), ACCOUNT);
    expect(await upstream.client.groups(createScope())).toEqual({ rows: [], skipped: 0 });
    expect(signIns.count).toBe(2);
    expect(upstream.requests).toHaveLength(4);
  });

  test("is renewed once, and the send, which was not taken, is made once more", async () => {
    const signIns = { count: 0 };
    await using upstream = await serve(ending(end, signIns), ACCOUNT);
    expect(await upstream.client.createMailing(POLL, MAILING, createWriteScope())).toMatchObject({ id: "mailing:9" });
    expect(signIns.count).toBe(2);
    expect(upstream.requests.filter(({ path }) => path.endsWith("/mailings"))).toHaveLength(2);
  });
});

test("a read is made once more after a 403 that is a page", async () => {
  const signIns = { count: 0 };
  await using upstream = await serve(ending(html(403), signIns), ACCOUNT);
  expect(await upstream.client.groups(createScope())).toEqual({ rows: [], skipped: 0 });
});

test("a send is made once more after a 403 that is a page, and no third time", async () => {
  const signIns = { count: 0 };
  await using upstream = await serve(ending(html(403), signIns), ACCOUNT);
  expect(await upstream.client.createMailing(POLL, MAILING, createWriteScope())).toMatchObject({ id: "mailing:9" });
  expect(upstream.requests.filter(({ path }) => path.endsWith("/mailings"))).toHaveLength(2);

  await using blocked = await serve(({ path }, response) => {
    return path === SIGN_IN ? sendJson(response, { auth_token: "t" }) : html(403)(response);
  }, ACCOUNT);
  const error = await failureOf(blocked.client.createMailing(POLL, MAILING, createWriteScope()));
  expect(error).toMatchObject({ reason: "refused", status: 403, mayHaveTaken: false });
  expect(blocked.requests.filter(({ path }) => path.endsWith("/mailings"))).toHaveLength(2);
});

test("a 403 that a new session does not change is a refusal of the call, and costs a sign-in at most every 5 s", async () => {
  await using upstream = await serve(
    ({ path }, response) => {
      const isSignIn = path === SIGN_IN;
      sendJson(response, isSignIn ? { auth_token: "t" } : { error: "Not yours" }, isSignIn ? 200 : 403);
    },
    { ...ACCOUNT, now: () => 1_000 },
  );
  const send = () => failureOf(upstream.client.createMailing(POLL, MAILING, createWriteScope()));
  const refused = { reason: "refused", status: 403, mayHaveTaken: false, platformMessage: "Not yours" };
  expect(await send()).toMatchObject(refused);
  expect(await send()).toMatchObject(refused);
  expect(upstream.requests.map(({ path }) => path.split("/").at(-1))).toEqual([
    "sign_in",
    "mailings",
    "sign_in",
    "mailings",
    "mailings",
  ]);
});

test("a configured token that a 403 refuses is not renewed, and the call is refused", async () => {
  await using upstream = await serve((_request, response) => sendJson(response, { error: "Forbidden" }, 403));
  expect(await failureOf(upstream.client.groups(createScope()))).toMatchObject({ reason: "refused", status: 403 });
  expect(upstream.requests).toHaveLength(1);
});

test.each([
  ["a redirect to another page", redirect("/sign_insurance")],
  ["a redirect without a place", redirect("")],
  ["500", json({ error: "sign in" }, 500)],
])("%s says nothing about a session: the send is in doubt, and is not repeated", async (_name, end) => {
  const signIns = { count: 0 };
  await using upstream = await serve(ending(end, signIns), ACCOUNT);
  const error = await failureOf(upstream.client.createMailing(POLL, MAILING, createWriteScope()));
  expect(error.mayHaveTaken).toBe(true);
  expect(upstream.requests).toHaveLength(2);
});

test.each([
  { id: 9, error: "Please sign in", message: "Log in" },
  { mailing: { id: 9 }, errors: ["One recipient must log in first"], code: 401 },
])("a send whose answer holds a record was taken, whatever else it says: %j", async (answer) => {
  await using upstream = await serve(
    ({ path }, response) => sendJson(response, path === SIGN_IN ? { auth_token: "t" } : answer),
    ACCOUNT,
  );
  expect(await upstream.client.createMailing(POLL, MAILING, createWriteScope())).toMatchObject({ id: "mailing:9" });
  expect(upstream.requests).toHaveLength(2);
});

test("tokens of a participant are tokens, whatever they are called", async () => {
  await using upstream = await serve((_request, response) =>
    sendJson(response, { error: "Please log in", code: "401" }),
  );
  const ids = [makeId("Participant", "58"), makeId("Campaign", "1")] as const;
  expect(await upstream.client.participantTokens(...ids, createScope())).toHaveLength(2);
});

test.each([404, 405, 410])("%i at the sign-in is a wrong URL, and is told as such", async (status) => {
  await using upstream = await startUpstream((_request, response) => {
    response.writeHead(status, { "content-type": "text/html" }).end("<h1>Nothing here</h1>");
  });
  await using stage = await startStage({
    env: {
      TEXTIZEN_BASE_URL: upstream.url,
      TEXTIZEN_EMAIL: "you@example.com",
      TEXTIZEN_PASSWORD: "your_password",
      TEXTIZEN_AUTH_TOKEN: "",
    },
  });
  const { data, errors } = await stage.query(
    '{ platformStatus(platform: TEXTIZEN) { isAuthorized message } group(id: "group:1") { name } }',
  );
  const message = `There is no sign-in at this address (HTTP ${status}): is TEXTIZEN_BASE_URL right?`;
  expect(data.platformStatus).toEqual([{ isAuthorized: false, message }]);
  expect(errors?.map(({ extensions }) => extensions["code"])).toEqual(["PLATFORM_BAD_RESPONSE"]);
});

test.each([
  ["https://www.textizen.com/api/users/sign_in", "shape"],
  ["/v2/api/users/sign_in/", "shape"],
  ["/users/sign_in", "unauthorized"],
])("a sign-in that is redirected to %s is %s", async (location, reason) => {
  await using upstream = await serve((_request, response) => redirect(location, 301)(response), ACCOUNT);
  expect(await failureOf(upstream.client.groups(createScope()))).toMatchObject({ reason, mayHaveTaken: false });
});

test("an error inside a sign-in's 200 is a refusal of the credentials", async () => {
  await using upstream = await serve((_request, response) => {
    sendJson(response, { error: "Invalid email or password." });
  }, ACCOUNT);
  const error = await failureOf(upstream.client.groups(createScope()));
  expect(error).toMatchObject({ reason: "unauthorized", mayHaveTaken: false });
});
