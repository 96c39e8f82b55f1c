import { expect, test } from "vitest";
import { PlatformError } from "../src/errors.ts";
import { Versions } from "../src/freshness/versions.ts";
import { ReadScope } from "../src/rest/calls.ts";
import { KeptDetails } from "../src/rest/kept-details.ts";
import { makeFile, SECRET } from "./events.ts";
import { type Stage, startStage } from "./support.ts";

const SIMULATOR = { people: 6, polls: 2, responsesPerPoll: 3 };

function start(env: Record<string, string> = {}, app = {}): Promise<Stage> {
  return startStage({ simulator: SIMULATOR, env: { DETAIL_SECONDS: "20", ...env }, app });
}

/** Fields that need a record by its id, and the call that reads it. */
function detailsOf({ simulator: { world } }: Stage): [field: string, call: string][] {
  const first = <Key>(records: ReadonlyMap<Key, unknown>) => [...records.keys()][0];
  return [
    [`contact(id: "${first(world.contacts)}") { firstName }`, "PIDJ GET /contact/{id}"],
    [`pidjUser(id: "${first(world.pidjUsers)}") { username }`, "PIDJ GET /user/{id}"],
    [
      `participant(id: "participant:${first(world.participants)}") { createdAt }`,
      "TEXTIZEN GET /api/participants/{id}",
    ],
    [`campaign(id: "campaign:${first(world.campaigns)}") { infoMessage }`, "TEXTIZEN GET /api/campaigns/{id}"],
    [`poll(id: "poll:${first(world.polls)}") { questions { id } }`, "TEXTIZEN GET /api/polls/{id}"],
    [`poll(id: "poll:${first(world.polls)}") { mailings { id } }`, "TEXTIZEN GET /api/polls/{id}/mailings"],
    [`mailing(id: "mailing:${first(world.mailings)}") { sendAt }`, "TEXTIZEN GET /api/mailings/{id}"],
    [`pollResponse(id: "response:${first(world.responses)}") { text }`, "TEXTIZEN GET /api/responses/{id}"],
  ];
}

async function callsOf(stage: Stage, field: string, headers = {}): Promise<string[]> {
  const { errors } = await stage.query(`{ ${field} }`, {}, headers);
  expect(errors).toBeUndefined();
  return stage.calls();
}

test("a record that was read by id is served again without a call, which extensions.platforms tells with its age", async () => {
  await using stage = await start();
  for (const [field, call] of detailsOf(stage)) {
    expect(await callsOf(stage, field)).toContain(call);
    const again = await stage.query(`{ ${field} }`);
    expect(stage.calls()).not.toContain(call);
    expect(again.extensions.platforms).toContainEqual({
      platform: call.split(" ")[0],
      route: call.slice(call.indexOf(" ") + 1),
      skippedRows: 0,
      kept: true,
      source: "kept",
      ageSeconds: expect.any(Number),
    });
    expect(await callsOf(stage, field, { "cache-control": "no-cache" })).toContain(call);
  }
});

test("unless DETAIL_SECONDS is set, each operation reads its own", async () => {
  await using stage = await start({ DETAIL_SECONDS: "0" });
  for (const [field, call] of detailsOf(stage)) {
    expect(await callsOf(stage, field)).toContain(call);
    expect(await callsOf(stage, field)).toContain(call);
  }
});

test("a write of the platform ends it, also one by another process on the same store", async () => {
  using file = makeFile();
  await using stage = await start({ STORE_URL: file.url });
  await using other = await startStage({
    simulator: SIMULATOR,
    env: { STORE_URL: file.url, DETAIL_SECONDS: "20", PIDJ_BASE_URL: stage.simulator.pidj.url, ...pidjOf(stage) },
  });
  const contact = [...stage.simulator.world.contacts.keys()][0];
  const nameAt = async ({ query }: Stage) =>
    (await query(`{ contact(id: "${contact}") { firstName } }`)).data.contact.firstName;
  const rename = (by: Stage, firstName: string) =>
    by.query(
      `mutation { updateContact(input: { id: "${contact}", firstName: "${firstName}" }) { userErrors { message } } }`,
    );
  await nameAt(stage);

  await rename(stage, "Ada");
  expect(await nameAt(stage)).toBe("Ada");
  expect(await nameAt(other)).toBe("Ada");
  await rename(stage, "Bea");
  await expect.poll(() => nameAt(other), { timeout: 5_000 }).toBe("Bea");
});

function pidjOf({ simulator: { pidj } }: Stage) {
  return { PIDJ_ACCOUNT_KEY: pidj.accountKey, PIDJ_TOKEN: pidj.token };
}

test("an event ends it", async () => {
  await using stage = await start({ WEBHOOK_SECRET: SECRET });
  const [contact] = stage.simulator.world.contacts.values();
  const field = `contact(id: "${contact?.id}") { firstName }`;
  await callsOf(stage, field);
  expect(await callsOf(stage, field)).toEqual([]);

  const webhook = `${new URL(stage.app.url).origin}/webhooks/pidj/${SECRET}`;
  await fetch(
    `${webhook}?message=Hi&from=${encodeURIComponent(contact?.phone_number ?? "")}&contact_id=${contact?.id}`,
  );

  expect(await callsOf(stage, field)).toEqual(["PIDJ GET /contact/{id}"]);
});

test("after a write with an unknown outcome nothing is kept for a minute", async () => {
  let clock = 0;
  await using stage = await start({ SEND_TIMEOUT_MS: "300", MUTATION_TIMEOUT_MS: "2000" }, { clock: () => clock });
  const contact = [...stage.simulator.world.contacts.keys()][0];
  const field = `contact(id: "${contact}") { firstName }`;
  stage.simulator.fault({ platform: "PIDJ", route: "PUT /contact/{id}", kind: "hang" });
  await stage.query(
    `mutation { updateContact(input: { id: "${contact}", firstName: "Ada" }) { userErrors { code } } }`,
  );
  stage.calls();

  expect(await callsOf(stage, field)).toEqual(["PIDJ GET /contact/{id}"]);
  expect(await callsOf(stage, field)).toEqual(["PIDJ GET /contact/{id}"]);
  clock += 61_000;
  await callsOf(stage, field);
  expect(await callsOf(stage, field)).toEqual([]);
});

test("it is served for its seconds and no longer; what is missing or failed is asked for again", async () => {
  let clock = 0;
  await using stage = await start({}, { clock: () => clock });
  const [[field = ""] = []] = detailsOf(stage);
  await callsOf(stage, field);
  clock += 19_999;
  expect(await callsOf(stage, field)).toEqual([]);
  clock += 1;
  expect(await callsOf(stage, field)).toHaveLength(1);

  for (const _ of [1, 2]) {
    expect(await callsOf(stage, 'contact(id: "co:none") { firstName }')).toHaveLength(1);
  }
  stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "malformed-json", times: 1 });
  clock += 30_000;
  expect((await stage.query(`{ ${field} }`)).errors).toHaveLength(1);
  expect(await callsOf(stage, field)).toHaveLength(2);
});

test("tokens are never kept", async () => {
  await using stage = await start();
  const { participants, campaigns } = stage.simulator.world;
  const field = `participant(id: "participant:${[...participants.keys()][0]}") { tokens(campaignId: "campaign:${[...campaigns.keys()][0]}") { key } }`;
  for (const _ of [1, 2]) {
    expect(await callsOf(stage, field)).toContain("TEXTIZEN GET /api/participants/{id}/tokens");
  }
});

/** Details that count how often they were read. */
function count(mostCharacters: number) {
  const details = new KeptDetails({ versions: new Versions(), milliseconds: 1_000, mostCharacters });
  const scope = new ReadScope({
    signal: new AbortController().signal,
    deadline: () => Number.POSITIVE_INFINITY,
    isFresh: false,
    record: () => undefined,
  });
  const counted = {
    reads: 0,
    get: (id: string, value: unknown) =>
      details.get({
        platform: "PIDJ",
        route: "GET /user/{id}",
        id,
        scope,
        read: async () => {
          counted.reads += 1;
          return value;
        },
        onKept: () => undefined,
      }),
  };
  return counted;
}

test("what is kept has a bound, and what was used least recently goes first", async () => {
  const counted = count(13_000);
  const get = (id: string) => counted.get(id, { name: "x".repeat(100), emailAddress: null });
  await get("first");
  await get("used");
  for (let at = 0; at < 150; at += 1) {
    await get(`${at}`);
    await get("used");
  }
  expect(counted.reads).toBe(152);
  await get("first");
  expect(counted.reads).toBe(153);
});

test.each([
  ["a fiftieth of the bound", { name: "x".repeat(300) }],
  ["a fiftieth, in many small values", { recipients: Array.from({ length: 50 }, (_, at) => at) }],
])("a record of more than %s is not kept, for its size is counted no further", async (_what, value) => {
  const counted = count(13_000);
  await counted.get("large", value);
  expect(await counted.get("large", value)).toBe(value);
  expect(counted.reads).toBe(2);
});

test.each([
  ["a record", { name: new PlatformError("PIDJ", "shape", "name") }],
  ["a row inside", [{ id: "mailing:1", sendAt: new PlatformError("TEXTIZEN", "shape", "send_at") }]],
])("%s with a field that could not be read is asked for again", async (_what, value) => {
  const counted = count(13_000);
  await counted.get("a", value);
  await counted.get("a", value);
  expect(counted.reads).toBe(2);
});
