import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import type { Scope } from "../src/access/scopes.ts";
import { SECRET } from "./events.ts";
import { startIssuer } from "./issuer.ts";
import { forward } from "./subscribers.ts";
import { type Answer, contactOf, errorsAt, type Stage, startStage } from "./support.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rights-"));
  path = join(folder, "keys.json");
});

afterEach(() => rmSync(folder, { recursive: true }));

function keyWith(...scopes: readonly Scope[]): Record<string, string> {
  const name = scopes.join(".").replaceAll(":", ".");
  return {
    "x-api-key": addApiKey(path, { name, scopes, expires: null, callsPerMinute: null, recipientsPerMinute: null }),
  };
}

function start(env: Record<string, string> = {}): Promise<Stage> {
  return startStage({ simulator: { people: 20 }, env: { API_KEYS_FILE: path, WEBHOOK_SECRET: SECRET, ...env } });
}

test("equal queries by tokens of one subject are not answered together if their scopes differ", async () => {
  await using issuer = await startIssuer();
  await using stage = await startStage({ env: { NODE_ENV: "production", ...issuer.env } });
  const [wide, narrow] = [await issuer.sign({ scope: "groups:read" }), await issuer.sign({ scope: "series:read" })];
  const ask = (token: string) => stage.query("{ pidjGroups { totalCount } }", {}, { authorization: `Bearer ${token}` });

  const [first, second] = await Promise.all([ask(wide), ask(narrow)]);

  expect(first?.data.pidjGroups.totalCount).toBeGreaterThan(0);
  expect(second).toMatchObject({ data: { pidjGroups: null } });
  expect(second && errorsAt(second)).toEqual({ pidjGroups: "FORBIDDEN" });
});

test("subscribers with tokens of one subject are not sent one result if their scopes differ", async () => {
  await using issuer = await startIssuer();
  await using stage = await startStage({ env: { WEBHOOK_SECRET: SECRET, ...issuer.env } });
  const query = "subscription { messageReceived { message { text from { phoneNumber } } } }";
  const url = `${stage.app.url}?${new URLSearchParams({ query })}`;
  // It is subscribed when the headers have come.
  const subscribe = async (scope: string) =>
    fetch(url, { headers: { accept: "text/event-stream", authorization: `Bearer ${await issuer.sign({ scope })}` } });
  const [wide, narrow] = [await subscribe("messages:read contacts:read"), await subscribe("messages:read")];
  await forward(stage.app.url, "Hello");

  expect((await firstEventOf(wide)).data.messageReceived.message.from.phoneNumber).toBe("+12025550101");
  expect((await firstEventOf(narrow)).data.messageReceived.message.from).toBeNull();
});

test("a person's display name is one that the caller may read", async () => {
  const [ofContacts, ofParticipants] = [keyWith("contacts:read"), keyWith("participants:read")];
  await using stage = await start();
  await stage.learnContacts();
  const { world } = stage.simulator;
  // Both platforms may call a person the same, so the calls say whose name it is.
  const both = [...world.participants.values()].find((each) => contactOf(world, each) !== null);
  const alone = [...world.participants.values()].find((each) => !each.is_masked && contactOf(world, each) === null);
  const nameFor = async (phone_number: string | undefined, headers: Record<string, string>) => {
    const query = "query ($number: PhoneNumber!) { person(phoneNumber: $number) { displayName } }";
    return (await stage.query(query, { number: `+${phone_number}` }, headers)).data.person.displayName;
  };

  expect(await nameFor(both?.phone_number, ofParticipants)).toBe(both?.name);
  expect(stage.calls()).toEqual(["TEXTIZEN GET /api/participants"]);
  expect(await nameFor(both?.phone_number, ofContacts)).toMatch(/./);
  expect(await nameFor(alone?.phone_number, ofContacts)).toBeNull();
  expect(stage.calls()).toEqual(["PIDJ GET /contact/{id}"]);
});

test("where a campaign's reports go, secret included, is shown to those alone who may set it", async () => {
  const [reader, writer] = [keyWith("campaigns:read"), keyWith("campaigns:read", "campaigns:write")];
  await using stage = await start();
  const ask = (headers: Record<string, string>) =>
    stage.query("{ campaigns(first: 1) { nodes { id webhookUrl } } }", {}, headers);

  expect(errorsAt(await ask(reader))).toEqual({ "campaigns.nodes.0.webhookUrl": "FORBIDDEN" });
  expect(errorsAt(await ask(writer))).toEqual({});
});

test("the number of a group that sends needs the scope of the group", async () => {
  const [sender, reader] = [keyWith("messages:send"), keyWith("messages:send", "groups:read")];
  await using stage = await start();
  const groupId = [...stage.simulator.world.pidjGroups.keys()][0];
  const send = (idempotencyKey: string, headers: Record<string, string>) =>
    stage.query(
      "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { fromPhoneNumber } } }",
      { input: { from: { groupId }, recipient: { phoneNumber: "+12015550123" }, text: "Hi", idempotencyKey } },
      headers,
    );

  expect(errorsAt(await send("a", sender))).toEqual({ "sendMessage.message.fromPhoneNumber": "FORBIDDEN" });
  expect(stage.calls()).toEqual(["PIDJ POST /send"]);
  expect((await send("b", reader)).data.sendMessage.message.fromPhoneNumber).toMatch(/^\+1/);
});

test("a forbidden field that is never null takes the object around it along, and what was sent stays sent", async () => {
  const [sender, reader] = [keyWith("messages:send"), keyWith("groups:read")];
  await using stage = await start();
  const input = {
    from: { phoneNumber: "+18885552001" },
    recipient: { phoneNumber: "+12015550123" },
    text: "Hi",
    idempotencyKey: "once",
  };
  const send = (selection: string) =>
    stage.query(
      `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { isReplay message { ${selection} } } }`,
      { input },
      sender,
    );

  const first = await send("sentAt to { id }");
  expect(first.data.sendMessage).toEqual({ isReplay: false, message: null });
  expect(errorsAt(first)).toEqual({ "sendMessage.message.to": "FORBIDDEN" });
  const again = await send("sentAt");
  expect(again.data.sendMessage).toEqual({ isReplay: true, message: { sentAt: expect.any(String) } });
  expect(stage.calls()).toEqual(["PIDJ POST /send"]);
  const root = await stage.query("{ eventCursor pidjGroups { totalCount } }", {}, reader);
  expect([root.data, errorsAt(root)]).toEqual([null, { eventCursor: "FORBIDDEN" }]);
});

test("without a credential nothing of the schema is shown, and no request that looks like a page's is taken for one", async () => {
  keyWith("contacts:read");
  for (const env of [{}, { NODE_ENV: "production", INTROSPECTION: "on" }]) {
    await using stage = await start(env);
    const statusOf = async (where: string, accept: string) =>
      (await fetch(new URL(where, stage.app.url), { headers: { accept } })).status;
    const hash = encodeURIComponent(JSON.stringify({ persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } }));

    expect(await statusOf("/schema.graphql", "text/html")).toBe(401);
    for (const where of ["/", "/graphql"]) {
      expect(await statusOf(where, "text/html, text/event-stream")).toBe(401);
      expect(await statusOf(where, "text/html, text/event-stream, */*")).toBe(401);
      expect(await statusOf(`${where}?extensions=${hash}`, "text/html")).toBe(401);
      expect(await statusOf(`${where}?query={__typename}`, "text/html")).toBe(401);
      expect(await statusOf(where, "text/html")).toBe("NODE_ENV" in env ? 401 : 200);
    }
  }
});

async function firstEventOf({ body }: Response): Promise<Answer> {
  let text = "";
  for await (const bytes of body ?? []) {
    text += Buffer.from(bytes).toString();
    const data = /^data: (\{.*)\n/m.exec(text)?.[1];
    if (data !== undefined) {
      return JSON.parse(data) as Answer;
    }
  }
  throw new Error("the stream ended without an event");
}
