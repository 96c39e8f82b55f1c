import { describe, expect, test } from "vitest";
import { type Stage, startStage } from "./support.ts";

const GROUPS = "{ textizenGroups(first: 100) { nodes { id name } } }";
const NO_CACHE = { "cache-control": "no-cache" };

function namesIn({ data }: { readonly data: { textizenGroups: { nodes: { name: string }[] } } }): string[] {
  return data.textizenGroups.nodes.map(({ name }) => name);
}

describe("extensions.platforms", () => {
  test("tells a list that is served from what is kept, and how old it is, apart from the calls that were made", async () => {
    const clock = { time: 0 };
    await using stage = await startStage({ app: { clock: () => clock.time } });
    const both = "{ textizenGroups { totalCount } polls { totalCount } }";
    const first = await stage.query("{ textizenGroups { totalCount } }");
    expect(first.extensions.platforms.at(-1)).toMatchObject({ route: "GET /api/groups", status: 200 });
    expect(first.extensions.platforms.some((call: object) => "kept" in call)).toBe(false);
    clock.time = 12_340;
    const { extensions } = await stage.query(both);
    const kept = {
      platform: "TEXTIZEN",
      route: "GET /api/groups",
      skippedRows: 0,
      kept: true,
      ageSeconds: 12.3,
      source: "kept",
    };
    expect(extensions.platforms).toHaveLength(2);
    expect(extensions.platforms).toContainEqual(kept);
    expect(extensions.platforms).toContainEqual(expect.objectContaining({ route: "GET /api/polls", status: 200 }));
  });

  test("tells each kept list once, however often the operation needs it", async () => {
    await using stage = await startStage();
    const ids = [...stage.simulator.world.textizenGroups.keys()].map((id) => `group:${id}`);
    const query = `{ textizenGroups { totalCount } ${ids.map((id, at) => `g${at}: group(id: "${id}") { name }`).join(" ")} }`;
    await stage.query(query);
    expect((await stage.query(query)).extensions.platforms).toMatchObject([{ route: "GET /api/groups", kept: true }]);
  });

  test("is not there in production", async () => {
    await using stage = await startStage({ env: { NODE_ENV: "production" } });
    await stage.query(GROUPS);
    expect((await stage.query(GROUPS)).extensions).toBeUndefined();
  });
});

test("a list is served for SNAPSHOT_SECONDS, once that longer while it is read anew, and longer only while its platform fails", async () => {
  const clock = { time: 0 };
  await using stage = await startStage({
    env: { SNAPSHOT_SECONDS: "20", QUERY_TIMEOUT_MS: "4000" },
    app: { clock: () => clock.time },
  });
  const age = async () => {
    const { data, extensions } = await stage.query(GROUPS);
    expect(data).not.toBeNull();
    return extensions.platforms.find(({ kept }: { kept?: boolean }) => kept)?.ageSeconds ?? null;
  };
  expect(await age()).toBeNull();
  clock.time = 19_900;
  expect(await age()).toBe(19.9);
  const held = stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/groups", kind: "hold" });
  clock.time = 39_900;
  expect(await age()).toBe(39.9);
  await held.arrived;
  clock.time = 40_000;
  const waiting = age();
  held.release();
  // Read at 39.9 s.
  expect([null, 0.1]).toContain(await waiting);
  const down = stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/groups", kind: "status", status: 500 });
  clock.time = 39_900 + 599_000;
  expect(await age()).toBe(599);
  clock.time = 39_900 + 600_000;
  expect((await stage.query(GROUPS)).errors).toHaveLength(1);
  down();
  expect(await age()).toBeNull();
});

describe("no-cache", () => {
  /** A reader whose call of the route is under way, and how often the route was called when `meanwhile` has been answered. */
  async function countBeside(stage: Stage, route: string, query: string): Promise<number> {
    const held = stage.simulator.fault({ platform: "TEXTIZEN", route, kind: "hold", times: 1 });
    const early = stage.query(query);
    await held.arrived;
    const own = await stage.query(query, {}, NO_CACHE);
    expect(own.errors).toBeUndefined();
    held.release();
    await early;
    return stage.calls().filter((call) => call === `TEXTIZEN ${route}`).length;
  }

  test.each(["", "production"])(
    "makes a call of its own beside a read of a list that is under way (NODE_ENV=%s)",
    async (mode) => {
      await using stage = await startStage({ env: { NODE_ENV: mode } });
      expect(await countBeside(stage, "GET /api/groups", GROUPS)).toBe(2);
      // For that operation alone: the next one is served what it read.
      await stage.query(GROUPS);
      expect(stage.calls()).toEqual([]);
    },
  );

  test("is read without regard to letter case", async () => {
    await using stage = await startStage({});
    await stage.query(GROUPS);
    stage.calls();
    await stage.query(GROUPS, {}, { "cache-control": "max-age=0, No-Cache" });
    expect(stage.calls()).toEqual(["TEXTIZEN GET /api/groups"]);
  });

  test("makes a call of its own beside a refresh that is under way", async () => {
    const clock = { time: 0 };
    await using stage = await startStage({ app: { clock: () => clock.time } });
    await stage.query(GROUPS);
    stage.calls();
    clock.time = 31_000;
    expect(await countBeside(stage, "GET /api/groups", GROUPS)).toBe(2);
  });

  test("makes a call of its own beside a read of a record that is under way", async () => {
    await using stage = await startStage();
    const [id] = stage.simulator.world.participants.keys();
    const query = `{ participant(id: "participant:${id}") { id name } }`;
    expect(await countBeside(stage, "GET /api/participants/{id}", query)).toBe(2);
  });
});

describe("after an unknown outcome", () => {
  test("who looks before trying again looks at the platform, however late it carries the write out", async () => {
    const clock = { time: 0 };
    await using stage = await startStage({
      env: { NODE_ENV: "production", SEND_TIMEOUT_MS: "1000", MUTATION_TIMEOUT_MS: "5000" },
      app: { clock: () => clock.time },
    });
    await stage.query(GROUPS);
    stage.simulator.fault({ platform: "TEXTIZEN", route: "PUT /api/groups/{id}", kind: "hang" });
    const [id] = stage.simulator.world.textizenGroups.keys();
    const written = await stage.query(
      `mutation { updateTextizenGroup(input: { id: "group:${id}", name: "Late" }) { userErrors { code } } }`,
    );
    expect(written.errors?.[0]?.extensions["code"]).toBe("PLATFORM_TIMEOUT");
    expect(namesIn(await stage.query(GROUPS))).not.toContain("Late");
    clock.time = 5_000;
    // The platform comes to it now.
    stage.simulator.fault({
      platform: "TEXTIZEN",
      route: "GET /api/groups",
      kind: "rewrite",
      rewrite: (json) => JSON.parse(JSON.stringify(json).replace(/"name":"[^"]*"/, '"name":"Late"')),
    });
    expect(namesIn(await stage.query(GROUPS))).toContain("Late");
  });
});

test("what was read while a write was under way is joined by nobody who comes after it", async () => {
  const answered = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  await using stage = await startStage({
    env: { NODE_ENV: "production" },
    app: {
      pauseAt: async (point) => {
        if (point === "answered") {
          answered.resolve();
          await goOn.promise;
        }
      },
    },
  });
  const query = `{
    attempt(idempotencyKey: "key") { state }
    person(phoneNumber: "+14155550177") { contactLink { state } participant { id } }
  }`;
  const writing = stage.query(
    `mutation { createContact(input: { phoneNumber: "+14155550177", idempotencyKey: "key" }) { userErrors { code } } }`,
  );
  // The platform has answered; the attempt is not settled yet, and the directory knows of nobody.
  await answered.promise;
  const held = stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/participants", kind: "hold", times: 1 });
  const early = stage.query(query);
  await held.arrived;
  goOn.resolve();
  expect((await writing).data.createContact.userErrors).toEqual([]);
  const late = stage.query(query);
  await stage.query("{ __typename }");
  held.release();
  expect((await late).data).toMatchObject({
    attempt: { state: "ACCEPTED" },
    person: { contactLink: { state: "LINKED" } },
  });
  expect((await early).data).toMatchObject({
    attempt: { state: "IN_PROGRESS" },
    person: { contactLink: { state: "UNKNOWN" } },
  });
});

test("a list of contacts is complete only if no row of it was left out", async () => {
  await using stage = await startStage({
    simulator: { people: 30, polls: 0, contactsList: true },
    env: { PIDJ_CONTACTS_LIST: "on", SNAPSHOT_SECONDS: "0" },
  });
  const query = "{ contacts { isComplete totalCount } }";
  const { totalCount } = (await stage.query(query)).data.contacts;
  expect((await stage.query(query)).data.contacts).toEqual({ isComplete: true, totalCount });
  stage.simulator.fault({
    platform: "PIDJ",
    route: "GET /contacts",
    kind: "rewrite",
    rewrite: (json) => {
      const list = json as { contacts: object[] };
      return { ...list, contacts: list.contacts.map((row, at) => (at === 0 ? { ...row, id: null } : row)) };
    },
  });
  expect((await stage.query(query)).data.contacts).toEqual({ isComplete: false, totalCount: totalCount - 1 });
});
