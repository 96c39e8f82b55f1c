import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { SCOPES } from "../src/access/scopes.ts";
import { INIT, RawSocket, subscribe } from "./raw-socket.ts";
import { type Stage, startStage } from "./support.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "limits-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A server and a caller with every scope; the caller's own limits, if any. */
async function startWithKey(
  limits: { callsPerMinute?: number; recipientsPerMinute?: number } = {},
  env: Record<string, string> = {},
) {
  const path = join(folder, "keys.json");
  const key = addApiKey(path, {
    name: "app",
    scopes: SCOPES,
    expires: null,
    callsPerMinute: limits.callsPerMinute ?? null,
    recipientsPerMinute: limits.recipientsPerMinute ?? null,
  });
  const stage = await startStage({ simulator: { people: 40 }, env: { API_KEYS_FILE: path, ...env } });
  const query: Stage["query"] = (document, variables, headers = {}) =>
    stage.query(document, variables, { "x-api-key": key, ...headers });
  return { ...stage, query };
}

describe("an operation that is too costly is refused before anything is called, and is told what to leave out:", () => {
  const cycle = (times: number): string =>
    times === 0 ? "id" : `participants(first: 100) { nodes { groups { ${cycle(times - 1)} } } }`;
  const bomb = Array.from(
    { length: 20 },
    (_, at) =>
      `fragment F${at} on Poll { a: campaign { polls { ...F${at + 1} } } b: campaign { polls { ...F${at + 1} } } }`,
  );
  const cases: [name: string, query: string, message: RegExp][] = [
    [
      "a cycle of lists",
      `{ textizenGroups { nodes { ${cycle(3)} } } }`,
      /may cost up to [\d,]+ platform calls; 1,000 are allowed\. textizenGroups\.nodes\..+ costs most/,
    ],
    [
      "names of everybody who wrote to any group",
      "{ pidjGroups(first: 100) { nodes { receivedMessages(first: 100) { nodes { from { displayName } } } } } }",
      /20,001 platform calls.+pidjGroups\.nodes\.receivedMessages\.nodes\.from\.displayName costs most/,
    ],
    [
      "objects alone",
      `{ pidjGroups(first: 100) { nodes { ${Array.from({ length: 30 }, (_, at) => `m${at}: receivedMessages(first: 100) { nodes { id } }`)} } } }`,
      /objects; 20,000 are allowed/,
    ],
    [
      "fragments that double each other",
      `{ polls { nodes { ...F0 } } } ${bomb.join(" ")} fragment F20 on Poll { id }`,
      /more fields than any can have/,
    ],
    [
      "a hundred and one root fields",
      `{ ${Array.from({ length: 101 }, (_, at) => `a${at}: eventCursor`).join(" ")} }`,
      /has 101 root fields; 100 are allowed/,
    ],
    [
      "a hundred and one aliases below one root field",
      `{ pidjGroups { ${Array.from({ length: 101 }, (_, at) => `a${at}: totalCount`).join(" ")} } }`,
      /has 101 aliases; 100 are allowed/,
    ],
    [
      "a deep one",
      `{ node(id: "poll:1") { ... on Poll { ${"campaign { polls { ".repeat(8)} id ${"} }".repeat(8)} } } }`,
      /nests \d+ fields; 15 are allowed|platform calls/,
    ],
  ];

  test.each(cases)("%s", async (_name, query, message) => {
    await using stage = await startWithKey();
    const began = performance.now();

    const answer = await stage.query(query);

    expect(performance.now() - began).toBeLessThan(500);
    expect(answer.status).toBe(400);
    expect(answer.data).toBeUndefined();
    expect(answer.errors).toHaveLength(1);
    expect(answer.errors?.[0]?.message).toMatch(message);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "QUERY_TOO_COSTLY", retryable: false });
    expect(stage.calls()).toEqual([]);
  });
});

test("a variable that is wrong in one place does not spare the rest of the operation its price", async () => {
  await using stage = await startWithKey();
  const costly = "pidjGroups(first: 100) { nodes { receivedMessages(first: 100) { nodes { from { displayName } } } } }";

  for (const [declared, wrong] of [
    ["$value: Boolean = true", "surveys { totalCount @include(if: $value) }"],
    ['$value: ID = "poll:1"', "poll(id: $value) { id }"],
  ]) {
    const answer = await stage.query(`query (${declared}) { ${wrong} ${costly} }`, { value: null });
    expect(answer.errors?.[0]?.extensions["code"]).toBe("QUERY_TOO_COSTLY");
  }
  expect(stage.calls()).toEqual([]);
});

test("every story passes with room, and so do a hundred contacts by id", async () => {
  await using stage = await startWithKey();
  const { contacts, participants, polls } = stage.simulator.world;
  const stories = readFileSync("examples/stories.graphql", "utf8");
  const names = [...stories.matchAll(/^(?:query) (\w+)/gm)].map(([, name]) => name ?? "");
  const number = [...participants.values()].find(({ is_masked }) => !is_masked)?.phone_number;
  const variables = {
    phoneNumber: `+${number}`,
    id: `poll:${[...polls.keys()][0]}`,
    first: 100,
  };

  for (const name of names.filter((each) => !each.includes("Live"))) {
    const answer = await fetchNamed(stage, stories, name, variables);
    expect([name, JSON.stringify(answer.errors ?? []).includes("QUERY_TOO_COSTLY")]).toEqual([name, false]);
  }
  const ids = Array.from({ length: 100 }, (_, at) => [...contacts.keys()][at % contacts.size]);
  const { errors, extensions } = await stage.query(
    "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Contact { displayName participant { id } } } }",
    { ids },
  );
  expect(errors).toBeUndefined();
  expect(extensions.cost.asked.calls).toBeLessThan(1_000 / 3);
});

function fetchNamed(stage: Pick<Stage, "query">, stories: string, name: string, variables: object) {
  const one = new RegExp(`^query ${name}\\b[\\s\\S]*?^}`, "m").exec(stories)?.[0] ?? "";
  return stage.query(one, variables);
}

test("the answer says what was asked, what it was in truth, and what is left; in production to whoever wants to know", async () => {
  await using stage = await startWithKey({ callsPerMinute: 600 });
  const { extensions } = await stage.query("{ pidjGroups(first: 5) { nodes { id } } }");

  expect(extensions.cost).toEqual({
    asked: { calls: 1, objects: 6 },
    actual: { calls: 1, objects: expect.any(Number) },
    left: { calls: 119, objects: expect.any(Number) },
    restoredPerSecond: { calls: 10, objects: 20_000 },
  });
  const introspection = await stage.query('{ __type(name: "Person") { fields { name } } }');
  expect(introspection.extensions.cost.asked.objects).toSatisfy(Number.isSafeInteger);

  rmSync(join(folder, "keys.json"));
  await using production = await startWithKey({}, { NODE_ENV: "production" });
  const quiet = await production.query("{ pidjGroups { totalCount } }");
  const asked = await production.query("{ pidjGroups { totalCount } }", {}, { "x-textgraph-cost": "1" });
  expect(quiet.extensions).toBeUndefined();
  expect(Object.keys(asked.extensions)).toEqual(["cost"]);
});

test("in production, event streams and WebSockets tell the cost to whoever wants to know", async () => {
  await using stage = await startStage({ simulator: { people: 0, polls: 0 }, env: { NODE_ENV: "production" } });
  const query = "{ pidjGroups { totalCount } }";
  const overEvents = async (headers: Record<string, string>) => {
    const answer = await fetch(`${stage.app.url}?query=${encodeURIComponent(query)}`, {
      headers: { accept: "text/event-stream", ...headers },
    });
    const [, data = ""] = /^data: (.+)$/m.exec(await answer.text()) ?? [];
    return JSON.parse(data).extensions;
  };
  const overSocket = async (payload: object, headers: Record<string, string>) => {
    const raw = new RawSocket(stage, { headers });
    await raw.send({ ...INIT, payload });
    await raw.seen("connection_ack");
    await raw.send(subscribe("1", query));
    const [next] = await raw.seen("next");
    raw.socket.terminate();
    return (next?.["payload"] as { extensions?: object } | undefined)?.extensions;
  };
  const cost = { cost: expect.objectContaining({ asked: { calls: 1, objects: 1 } }) };

  expect(await overEvents({})).toBeUndefined();
  expect(await overEvents({ "x-textgraph-cost": "1" })).toEqual(cost);
  expect(await overSocket({}, {})).toBeUndefined();
  expect(await overSocket({ "x-textgraph-cost": "1" }, {})).toEqual(cost);
  expect(await overSocket({}, { "x-textgraph-cost": "1" })).toEqual(cost);
});

test("a caller that has used up its calls is told when there will be more; what was not used is given back", async () => {
  await using stage = await startWithKey({ callsPerMinute: 50 });
  const QUERY =
    '{ a: participant(id: "participant:1") { id } b: participant(id: "participant:1") { id } c: participant(id: "participant:1") { id } }';

  // Three are asked for, one is made, and another to sign in: of ten, the eighth query would need two or more.
  const answers = [];
  for (let each = 0; each < 12; each += 1) {
    answers.push(await stage.query(QUERY, {}, { "cache-control": "no-cache" }));
  }

  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.slice(0, 6).every(({ status }) => status === 200)).toBe(true);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]?.errors?.[0]?.extensions).toEqual({
    code: "RATE_LIMITED",
    retryable: true,
    retryAfter: expect.any(Number),
  });
});

test("recipients are counted one by one, a replay costs nothing, and whoever has used them up sends nothing", async () => {
  await using stage = await startWithKey({ recipientsPerMinute: 8 });
  const [group] = [...stage.simulator.world.pidjGroups.values()];
  const send = async (key: string) => {
    const input = {
      from: { groupId: group?.id },
      recipient: { phoneNumber: "+12015550123" },
      text: "Hi",
      idempotencyKey: key,
    };
    const { data, errors } = await stage.query(
      "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { isReplay userErrors { code } } }",
      { input },
    );
    return errors?.[0]?.extensions["code"] ?? (data.sendMessage.isReplay ? "replay" : "sent");
  };

  expect([await send("a"), await send("a"), await send("a"), await send("b"), await send("c")]).toEqual([
    "sent",
    "replay",
    "replay",
    "sent",
    "RATE_LIMITED",
  ]);
  expect(stage.calls().filter((call) => call === "PIDJ POST /send")).toHaveLength(2);
  expect(await send("b")).toBe("replay");
});

test("a mailing counts each of its numbers, and one that counts too many reaches no platform", async () => {
  await using stage = await startWithKey({ recipientsPerMinute: 16 });
  const [poll] = stage.simulator.world.polls.keys();
  const mail = async (...phoneNumbers: string[]) => {
    const input = {
      pollId: `poll:${poll}`,
      phoneNumbers,
      sendAt: "2090-01-01T00:00:00Z",
      idempotencyKey: phoneNumbers.join(),
    };
    const { data, errors } = await stage.query(
      "mutation ($input: CreateMailingInput!) { createMailing(input: $input) { mailing { id } userErrors { code } } }",
      { input },
    );
    return errors?.[0]?.extensions["code"] ?? data.createMailing.userErrors[0]?.code ?? "accepted";
  };

  // A quarter of sixteen at once: three, and then two are one too many.
  expect([
    await mail("+12015550123", "+12015550124", "+12015550125"),
    await mail("+12015550126", "+12015550127"),
    await mail("+12015550128"),
  ]).toEqual(["accepted", "RATE_LIMITED", "accepted"]);
  expect(stage.simulator.ledger).toHaveLength(2);
});

test("an answer that outgrows three times its price is cut off at its path, its siblings served", async () => {
  await using stage = await startWithKey();
  const [poll] = [...stage.simulator.world.polls.values()];
  stage.simulator.fault({
    kind: "rewrite",
    platform: "TEXTIZEN",
    route: "GET /api/polls/{id}",
    rewrite: (json) => {
      const body = json as { poll?: { questions?: unknown[] } };
      const record = body.poll ?? (json as { questions?: unknown[] });
      record.questions = Array.from({ length: 2_000 }, (_, at) => ({
        ...(record.questions?.[0] as object),
        id: 10_000 + at,
      }));
      return json;
    },
  });

  const answer = await stage.query("query ($id: ID!) { poll(id: $id) { id questions { id } } eventCursor }", {
    id: `poll:${poll?.id}`,
  });

  expect(answer.data).toMatchObject({
    poll: { id: `poll:${poll?.id}`, questions: null },
    eventCursor: expect.any(String),
  });
  expect(answer.errors?.[0]).toMatchObject({ path: ["poll", "questions"], extensions: { code: "QUERY_TOO_COSTLY" } });
});
