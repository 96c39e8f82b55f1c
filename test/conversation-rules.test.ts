import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fetch from "node-fetch";
import { expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import type { Scope } from "../src/access/scopes.ts";
import type { Plan } from "../src/operations/explain.ts";
import { createAttempts } from "../src/store/attempts.ts";
import { createAuditLog } from "../src/store/audit.ts";
import { createConversations } from "../src/store/conversations.ts";
import { openInbox, SECRET } from "./events.ts";
import { send, TO } from "./sends.ts";
import { one } from "./simulator-client.ts";
import { onEachStore } from "./stores.ts";
import { ask, errorsAt, startStage } from "./support.ts";

const DAY = 86_400_000;
const ALL = { groupId: null, isUnread: null };
const EVERYTHING = { newerThan: null, olderThan: null, limit: 100, fromOldest: false };

test("the story of conversations makes the calls that it says, and no more than it is priced at", async () => {
  await using stage = await startStage({ simulator: { people: 30 }, env: { WEBHOOK_SECRET: SECRET } });
  stage.simulator.pushTo({ forwardTo: stage.app.webhooks?.pidj ?? null });
  await stage.learnContacts();
  const query = readFileSync(new URL("../examples/stories.graphql", import.meta.url), "utf8");
  const contact = one(stage.simulator.world.contacts);
  expect(await stage.simulator.forwardText({ from: contact.phone_number ?? "", message: "Hello" })).toBe(200);
  await send(stage.app.url, "k", { text: "Hello to you" });
  stage.calls();

  const post = async (path: string) => {
    const body = JSON.stringify({ query, operationName: "Conversations" });
    const headers = { "content-type": "application/json" };
    return (await (await fetch(new URL(path, stage.app.url).href, { method: "POST", headers, body })).json()) as never;
  };
  const { plan }: { plan: Plan } = await post("/explain");
  const { data, errors }: Awaited<ReturnType<typeof ask>> = await post("/graphql");

  expect(errors).toBeUndefined();
  expect(data.conversations).toMatchObject({
    totalCount: 2,
    nodes: [{ messages: { nodes: [{ text: "Hello to you", state: "ACCEPTED" }] } }, { unreadCount: 1 }],
  });
  const calls = stage.calls();
  expect(calls.sort()).toEqual(["PIDJ GET /contact/{id}", "TEXTIZEN GET /api/participants"]);
  expect(plan.atMost.calls).toBe(40);
});

test("messages and their groups cost the list of groups once, as they are priced", async () => {
  await using stage = await startStage({ simulator: { people: 9, pidjGroups: 3 }, env: { SNAPSHOT_SECONDS: "0" } });
  for (const key of ["a", "b", "c"]) {
    await send(stage.app.url, key);
  }
  stage.calls();
  const query = `{ conversations { nodes { phoneNumber messages { nodes { ... on OutgoingMessage { group { id } } } } } } }`;
  const { data } = await stage.query(query);
  expect(data.conversations.nodes[0].messages.nodes).toHaveLength(3);
  expect(data.conversations.nodes[0].messages.nodes[0].group.id).toMatch(/^gr:/);
  expect(stage.calls()).toEqual(["PIDJ GET /groups"]);
});

test("who may not read messages sees none, and who sent a text is named by its key", async () => {
  const folder = mkdtempSync(join(tmpdir(), "conversation-scopes-"));
  const path = join(folder, "keys.json");
  const keyWith = (name: string, scopes: readonly Scope[]) =>
    addApiKey(path, { name, scopes, expires: null, callsPerMinute: null, recipientsPerMinute: null });
  const sender = keyWith("front-desk", ["messages:send", "contacts:read"]);
  const reader = keyWith("reader", ["messages:read"]);
  await using stage = await startStage({ simulator: { people: 9 }, env: { API_KEYS_FILE: path } });
  const query = (document: string, key: string, variables = {}) =>
    ask(stage.app.url, document, variables, { "x-api-key": key });
  const text = {
    from: { phoneNumber: "+18885552000" },
    recipient: { phoneNumber: TO },
    text: "Hi",
    idempotencyKey: "k",
  };
  const SEND = "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { code } } }";
  expect((await query(SEND, sender, { input: text })).data.sendMessage.userErrors).toEqual([]);

  const byPerson = await query(`{ person(phoneNumber: "${TO}") { conversation { unreadCount } } }`, sender);
  expect(byPerson.data.person).toEqual({ conversation: null });
  expect(errorsAt(byPerson)).toEqual({ "person.conversation": "FORBIDDEN" });

  const messages = "messages { nodes { ... on OutgoingMessage { sentBy toPhoneNumber } } }";
  const list = await query(`{ conversations { nodes { phoneNumber ${messages} } } }`, reader);
  expect(list.data.conversations.nodes).toEqual([
    { phoneNumber: TO, messages: { nodes: [{ sentBy: "key:front-desk", toPhoneNumber: TO }] } },
  ]);
  const people = await query("{ conversations { nodes { person { phoneNumber } } } }", reader);
  expect(errorsAt(people)).toEqual({ "conversations.nodes.0.person": "FORBIDDEN" });
  rmSync(folder, { recursive: true });
});

onEachStore((make) => {
  test("old messages go, with their conversations; an outcome that comes later brings none back", async () => {
    await using place = await make();
    await using test = await openInbox(place.url);
    const { inbox, store } = test;
    const now = () => new Date(test.time);
    const audit = createAuditLog(store, { now, keptMilliseconds: 365 * DAY, warn: () => undefined });
    const attempts = createAttempts(store, { now, audit });
    const conversations = createConversations(store);
    const begin = async (key: string, to: string) => {
      const outgoing = { text: key, to: to as never, fromPhoneNumber: null, groupId: "gr:one" as never, jobId: null };
      const claim = { caller: "test", leaseMilliseconds: 1_000, outcomeIfConfirmed: "null", outgoing };
      const begun = await attempts.begin({ key, mutation: "sendMessage", fingerprint: key, ...claim });
      expect(begun.kind).toBe("started");
      await inbox.takeNews();
      return begun as Extract<typeof begun, { kind: "started" }>;
    };
    expect(await inbox.listeningStartedAt()).toEqual(now());
    const [stale, kept] = ["+12025550101", "+12025550102"];
    await begin("old", stale ?? "");
    const { handle } = await begin("refused", stale ?? "");
    await attempts.settle(handle, { state: "REFUSED", message: null });
    await inbox.takeNews();
    expect(await store.count("outgoing-refused")).toBe(1);
    await test.keep({ from: kept as never, text: "old too" });
    const oldest = now();
    test.time += 20 * DAY;
    await test.keep({ from: kept as never, text: "newer" });
    test.time += 11 * DAY;
    await inbox.sweep();

    const left = await conversations.list(ALL, EVERYTHING);
    expect(left).toMatchObject([{ number: kept, messages: 1, unread: 1, groups: { "gr:one": 1 } }]);
    expect(await conversations.count(ALL)).toBe(1);
    expect((await inbox.talk(kept as never, EVERYTHING)).map(({ text }) => text)).toEqual(["newer"]);
    expect(await inbox.listeningStartedAt()).toEqual(oldest);

    expect((await attempts.find("old"))?.state).toBe("UNKNOWN");
    expect(await attempts.resolve("old", { state: "ACCEPTED", by: "operator" })).toMatchObject({ kind: "settled" });
    await inbox.takeNews();
    expect(await conversations.find([stale as never])).toEqual([null]);
    const tables = ["outgoing-news", "outgoing-place", "outgoing-refused"] as const;
    expect(await Promise.all(tables.map((table) => store.count(table)))).toEqual([0, 0, 0]);
  });
});
