import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { makeId } from "../src/ids.ts";
import { serve } from "./textizen-upstream.ts";
import { createScope, createWriteScope, failureOf, type Received, sendJson } from "./upstream.ts";

const POLL = makeId("Poll", "3");
const SEND_AT = new Date("2017-03-14T15:26:53.895-04:00");

/** A platform whose current token is the last one that it gave out: `t1`, `t2`, and so on. */
function signingIn(signIns: { count: number }) {
  return (request: Received, response: ServerResponse): void => {
    const { auth_token: token } = JSON.parse(request.body) as { auth_token?: string };
    if (request.path === "/api/users/sign_in") {
      signIns.count += 1;
      sendJson(response, { auth_token: `t${signIns.count}` });
    } else if (token === `t${signIns.count}`) {
      sendJson(response, []);
    } else {
      sendJson(response, { error: "Invalid token" }, 401);
    }
  };
}

const ACCOUNT = { credentials: { email: "you@example.com", password: "your_password" } };

test("signs in once for all calls that wait, with the account as documented", async () => {
  const signIns = { count: 0 };
  await using upstream = await serve(signingIn(signIns), ACCOUNT);
  const scope = createScope();
  await Promise.all(Array.from({ length: 20 }, () => upstream.client.groups(scope)));
  expect(signIns.count).toBe(1);
  expect(upstream.requests[0]).toMatchObject({ method: "POST", path: "/api/users/sign_in" });
  expect(JSON.parse(upstream.requests[0]?.body ?? "")).toEqual(ACCOUNT.credentials);
  expect(scope.calls[0]?.route).toBe("POST /api/users/sign_in");
});

test("renews a refused token once for all calls under way, and repeats each of them once", async () => {
  const signIns = { count: 0 };
  await using upstream = await serve(signingIn(signIns), ACCOUNT);
  await upstream.client.groups(createScope());
  signIns.count = 7;
  const scope = createScope();
  // Equal reads would be one call.
  await Promise.all(Array.from({ length: 50 }, (_, id) => upstream.client.mailings(makeId("Poll", String(id)), scope)));
  expect(signIns.count).toBe(8);
  expect(scope.calls.filter((call) => call.status === 401)).toHaveLength(50);
  expect(scope.calls).toHaveLength(101);
});

test("repeats a late 401 with the token that another call has renewed, without a sign-in", async () => {
  const signIns = { count: 0 };
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
  const { promise: renewed, resolve: onRenewed } = Promise.withResolvers<void>();
  const answer = signingIn(signIns);
  await using upstream = await serve(async (request, response) => {
    if (request.path === "/api/polls" && request.body.includes('"t1"')) {
      onAsked();
      await renewed;
    }
    answer(request, response);
  }, ACCOUNT);
  await upstream.client.groups(createScope());
  const late = upstream.client.polls(createScope());
  await asked;
  signIns.count = 2;
  await upstream.client.groups(createScope());
  onRenewed();
  expect(await late).toEqual({ rows: [], skipped: 0 });
  expect(signIns.count).toBe(3);
});

test("repeats a refused send once with a new token, and no more", async () => {
  await using upstream = await serve((request, response) => {
    if (request.path === "/api/users/sign_in") {
      sendJson(response, { auth_token: "t" });
    } else {
      sendJson(response, {}, 401);
    }
  }, ACCOUNT);
  const error = await failureOf(upstream.client.createMailing(POLL, { sendAt: SEND_AT }, createWriteScope()));
  expect(error).toMatchObject({ reason: "unauthorized", mayHaveTaken: false });
  expect(upstream.requests.map(({ path }) => path)).toEqual([
    "/api/users/sign_in",
    "/api/polls/3/mailings",
    "/api/users/sign_in",
    "/api/polls/3/mailings",
  ]);
});

test("signs in at most once in five seconds for tokens that are always refused", async () => {
  let time = 1_000;
  await using upstream = await serve(
    (request, response) => {
      const isSignIn = request.path === "/api/users/sign_in";
      sendJson(response, isSignIn ? { auth_token: `t${time}` } : {}, isSignIn ? 200 : 401);
    },
    { ...ACCOUNT, now: () => time },
  );
  const signIns = () => upstream.requests.filter(({ path }) => path === "/api/users/sign_in").length;
  const ask = () => failureOf(upstream.client.groups(createScope()));
  const refused = { reason: "unauthorized", status: 401, mayHaveTaken: false };
  expect(await ask()).toMatchObject(refused);
  // The first of them, and its renewal.
  expect(signIns()).toBe(2);
  time += 4_999;
  expect(await ask()).toMatchObject(refused);
  expect(await ask()).toMatchObject(refused);
  expect(signIns()).toBe(2);
  time += 1;
  await ask();
  await ask();
  expect(signIns()).toBe(3);
});

test("keeps a token for all others where one call alone is refused with it", async () => {
  await using upstream = await serve((request, response) => {
    const isRefused = request.path === "/api/polls";
    const isSignIn = request.path === "/api/users/sign_in";
    sendJson(response, isSignIn ? { auth_token: "t" } : [], isRefused ? 401 : 200);
  }, ACCOUNT);
  expect(await failureOf(upstream.client.polls(createScope()))).toMatchObject({ reason: "unauthorized" });
  expect(await upstream.client.groups(createScope())).toEqual({ rows: [], skipped: 0 });
});

test("signs in again at once where a renewed token has served before it is refused", async () => {
  const signIns = { count: 0 };
  await using upstream = await serve(signingIn(signIns), { ...ACCOUNT, now: () => 1_000 });
  for (const rotated of [0, 5, 9]) {
    signIns.count = rotated;
    expect(await upstream.client.groups(createScope())).toEqual({ rows: [], skipped: 0 });
    expect(signIns.count).toBe(rotated + 1);
  }
});

test("takes a configured token's 401 for final", async () => {
  await using upstream = await serve((_request, response) => sendJson(response, {}, 401));
  const error = await failureOf(upstream.client.groups(createScope()));
  expect(error).toMatchObject({ reason: "unauthorized", mayHaveTaken: false });
  expect(upstream.requests).toHaveLength(1);
});

test.each<[string, number, unknown, string]>([
  ["answers 401", 401, { error: "Invalid email or password." }, "unauthorized"],
  ["answers 422", 422, {}, "unauthorized"],
  ["answers 503", 503, {}, "unreachable"],
  ["gives no token", 200, { auth_token: "" }, "shape"],
])(
  "sends nothing where the sign-in %s, and tries it at most once in five seconds",
  async (_what, status, body, reason) => {
    let time = 1_000;
    await using upstream = await serve((_request, response) => sendJson(response, body, status), {
      ...ACCOUNT,
      now: () => time,
    });
    const send = () => failureOf(upstream.client.createMailing(POLL, { sendAt: SEND_AT }, createWriteScope()));
    const error = await send();
    expect(error).toMatchObject({ reason, mayHaveTaken: false });
    expect(JSON.stringify([error.message, error])).not.toContain("your_password");
    time += 4_999;
    expect(await send()).toMatchObject({ reason });
    expect(upstream.requests.map(({ path }) => path)).toEqual(["/api/users/sign_in"]);
    time += 1;
    await send();
    expect(upstream.requests).toHaveLength(2);
  },
);

test("takes a sign-in that hangs for a platform that cannot be reached, and does not repeat it", async () => {
  await using upstream = await serve(() => undefined, { ...ACCOUNT, timeouts: { readMilliseconds: 20 } });
  expect(await failureOf(upstream.client.groups(createScope()))).toMatchObject({
    reason: "unreachable",
    mayHaveTaken: false,
  });
  expect(upstream.requests).toHaveLength(1);
});

test("lets a call leave that waits for a sign-in, and the others have its token all the same", async () => {
  const controller = new AbortController();
  const { promise: mayAnswer, resolve: answerNow } = Promise.withResolvers<void>();
  await using upstream = await serve(async (request, response) => {
    if (request.path === "/api/users/sign_in") {
      controller.abort();
      await mayAnswer;
      sendJson(response, { auth_token: "t" });
    } else {
      sendJson(response, []);
    }
  }, ACCOUNT);
  const first = upstream.client.groups(createScope({ signal: controller.signal }));
  const second = upstream.client.groups(createScope());
  expect(await failureOf(first)).toMatchObject({ reason: "cancelled", mayHaveTaken: false });
  answerNow();
  expect(await second).toEqual({ rows: [], skipped: 0 });
  expect(upstream.requests.map(({ path }) => path)).toEqual(["/api/users/sign_in", "/api/groups"]);
});

test.each<unknown>([
  { auth_token: "t1" },
  { authentication_token: "t1" },
  { token: "t1" },
  { user: { auth_token: "t1" } },
  { id: 7, user: { id: 7, authentication_token: "t1" } },
])("finds the token of a sign-in in %j", async (body) => {
  await using upstream = await serve(
    (request, response) => sendJson(response, request.path === "/api/users/sign_in" ? body : []),
    ACCOUNT,
  );
  await upstream.client.groups(createScope());
  expect(upstream.requests[1]?.body).toBe('{"auth_token":"t1"}');
});
