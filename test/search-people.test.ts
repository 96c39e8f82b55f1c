import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { readConfig } from "../src/config.ts";
import { ConfigError } from "../src/environment.ts";
import { readTypedNumber } from "../src/phone.ts";
import { type Stage, startStage } from "./support.ts";

const SEARCH = `query ($search: String!, $region: String, $first: Int, $after: String) {
  searchPeople(search: $search, region: $region, first: $first, after: $after) {
    totalCount isComplete gaps
    pageInfo { hasNextPage endCursor }
    nodes { name kind person { phoneNumber } }
  }
}`;

interface Found {
  readonly numbers: string[];
  readonly names: (string | null)[];
  readonly gaps: string[];
  readonly total: number;
  readonly end: string | null;
}

async function find(stage: Stage, variables: object): Promise<Found> {
  const { data, errors } = await stage.query(SEARCH, variables);
  expect(errors).toBeUndefined();
  const { nodes, gaps, isComplete, totalCount, pageInfo } = data.searchPeople;
  expect(isComplete).toBe(gaps.length === 0);
  return {
    numbers: nodes.map(({ person }: { person: { phoneNumber: string } }) => person.phoneNumber),
    names: nodes.map(({ name }: { name: string | null }) => name),
    gaps,
    total: totalCount,
    end: pageInfo.endCursor,
  };
}

test.each([
  ["(201) 555-4821", "US", "+12015554821", ["+2015554821", "+12015554821"]],
  ["+1 201 555 4821", "DE", "+12015554821", ["+12015554821"]],
  ["201555", "US", null, ["+201555", "+1201555"]],
  ["020 7946", "GB", null, ["+0207946", "+44207946"]],
  ["8 912", "RU", null, ["+8912", "+7912"]],
  ["06 698", "IT", null, ["+06698", "+3906698"]],
  ["011 44 20", "US", null, ["+0114420", "+4420"]],
  ["0044", "GB", null, ["+0044"]],
  ["\u202a+1 201\u2011555\u20114821\u202c", "US", "+12015554821", ["+12015554821"]],
  ["201\u2013555\u00a04821", "US", "+12015554821", ["+2015554821", "+12015554821"]],
  ["\uff0b\uff11\uff12\uff10\uff11", "US", null, ["+1201"]],
  ["\u0662\u0660\u0661\u0665\u0665\u0665", "US", null, ["+201555", "+1201555"]],
  ["1+2015554821", "US", null, undefined],
  ["12", "US", null, undefined],
  ["201 Main St", "US", null, undefined],
] as const)("%j in %s is read as the number %s, or as the beginning of one", (text, region, whole, beginnings) => {
  expect(readTypedNumber(text, region)).toEqual(beginnings === undefined ? null : { whole, beginnings });
});

test("DEFAULT_REGION must be a country", () => {
  expect(() => readConfig({ SIMULATE: "on", DEFAULT_REGION: "Ohio" })).toThrow(ConfigError);
});

describe("people are found", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage({ simulator: { people: 40, polls: 0 } });
    const [first, second, third] = [...stage.simulator.world.participants.values()].filter(
      ({ is_masked }) => !is_masked,
    );
    Object.assign(first ?? {}, { name: "María López-Łukasz", phone_number: "12025550901" });
    Object.assign(second ?? {}, { name: "Lopez, Mark", phone_number: "12025550902" });
    Object.assign(third ?? {}, { name: "王小明", phone_number: "12025550903" });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test.each([
    ["lop mar", ["+12025550902", "+12025550901"]],
    ["MARÍA", ["+12025550901"]],
    ["lukasz", ["+12025550901"]],
    ["王", ["+12025550903"]],
    ["%", null],
    ["opez", []],
    ["+1202555090", ["+12025550902", "+12025550901", "+12025550903"]],
    ["(202) 555-0903", ["+12025550903"]],
    ["202 555 0903", ["+12025550903"]],
  ])("by %j", async (search, numbers) => {
    if (numbers === null) {
      const { errors } = await stage.query(SEARCH, { search });
      expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", argument: ["search"] });
      return;
    }
    const found = await find(stage, { search });
    expect(found.numbers).toEqual(numbers);
    expect(found.gaps).toEqual(["CONTACTS_NEVER_SEEN"]);
  });

  test("first by the number that was typed in full, known or not", async () => {
    const { data } = await stage.query(SEARCH, { search: "+49 30 901820" });
    expect(data.searchPeople.nodes).toEqual([{ name: null, kind: "NUMBER", person: { phoneNumber: "+4930901820" } }]);
  });

  test("page by page, each once", async () => {
    const whole = await find(stage, { search: "+1202", first: 100 });
    const paged: string[] = [];
    let after: string | null = null;
    do {
      const page: Found = await find(stage, { search: "+1202", first: 2, after });
      paged.push(...page.numbers);
      after = page.numbers.length === 2 ? page.end : null;
    } while (after !== null);
    expect(paged).toEqual(whole.numbers);
    expect(whole.total).toBe(whole.numbers.length);
  });

  test("for one call, and none while the list is kept", async () => {
    await using fresh = await startStage({ simulator: { people: 5, polls: 0 } });
    await find(fresh, { search: "an" });
    expect(fresh.calls()).toEqual(["TEXTIZEN GET /api/participants"]);
    await find(fresh, { search: "ann" });
    expect(fresh.calls()).toEqual([]);
  });

  test.each([
    ["search", { search: "" }],
    ["search", { search: "12" }],
    ["search", { search: "x".repeat(201) }],
    ["region", { search: "ann", region: "Ohio" }],
    ["first", { search: "ann", first: -1 }],
  ])("unless %s is wrong (%j)", async (argument, variables) => {
    const { data, errors } = await stage.query(SEARCH, variables);
    expect(data.searchPeople).toBeNull();
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", argument: [argument] });
  });
});

describe("contacts are found", () => {
  test("by the name that they had when they were seen, and by their number", async () => {
    await using stage = await startStage({ simulator: { people: 10, polls: 0 } });
    const [contact] = [...stage.simulator.world.contacts.values()].filter((one) => /^\+\d{11}$/.test(one.phone_number));
    Object.assign(contact ?? {}, { display_name: "Zuzanna Quest" });
    expect((await find(stage, { search: "zuz que" })).numbers).toEqual([]);
    await stage.query(`{ contact(id: "${contact?.id}") { displayName } }`);
    await stage.app.services.directory.idle();
    expect(await find(stage, { search: "zuz que" })).toMatchObject({
      numbers: [contact?.phone_number],
      names: ["Zuzanna Quest"],
      gaps: ["CONTACTS_NEVER_SEEN"],
    });
    expect((await find(stage, { search: contact?.phone_number.slice(0, 10) })).numbers).toContain(
      contact?.phone_number,
    );
  });

  test.each(["???", "%", "-"])("by no filter.name without a word (%j), which would list everybody", async (name) => {
    await using stage = await startStage({ simulator: { people: 3, polls: 0 } });
    const asked = "query ($name: String) { contacts(filter: { name: $name }) { totalCount } }";
    const { data, errors } = await stage.query(asked, { name });
    expect(data.contacts).toBeNull();
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", argument: ["filter", "name"] });
    expect((await stage.query(asked, { name: " " })).errors).toBeUndefined();
  });

  test("in Pidj's list, all of them", async () => {
    await using stage = await startStage({
      simulator: { people: 10, polls: 0, contactsList: true },
      env: { PIDJ_CONTACTS_LIST: "on" },
    });
    const [contact] = [...stage.simulator.world.contacts.values()].filter((one) => /^\+\d{11}$/.test(one.phone_number));
    Object.assign(contact ?? {}, { display_name: "Zuzanna Quest" });
    expect(await find(stage, { search: "quest" })).toMatchObject({ numbers: [contact?.phone_number], gaps: [] });
  });
});

describe("what could not be searched is said", () => {
  test("a platform that fails hides nobody of the other", async () => {
    await using stage = await startStage({ simulator: { people: 4, polls: 0 } });
    stage.simulator.fault({
      platform: "TEXTIZEN",
      route: "GET /api/participants",
      kind: "status",
      status: 500,
      body: "",
    });
    expect((await find(stage, { search: "an" })).gaps).toEqual(["CONTACTS_NEVER_SEEN", "PARTICIPANTS_UNAVAILABLE"]);
  });

  test("a row without a usable id may be somebody who was looked for", async () => {
    await using stage = await startStage({ simulator: { people: 4, polls: 0 } });
    const rewrite = (json: unknown) => (json as object[]).map((row, at) => (at === 0 ? { ...row, id: null } : row));
    stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/participants", kind: "rewrite", rewrite });
    expect((await find(stage, { search: "an" })).gaps).toEqual(["CONTACTS_NEVER_SEEN", "PARTICIPANTS_UNAVAILABLE"]);
  });

  test("a caller finds nobody whom it may not read", async () => {
    const folder = mkdtempSync(join(tmpdir(), "textgraph-search-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "keys.json");
    const rest = { expires: null, callsPerMinute: null, recipientsPerMinute: null };
    const key = addApiKey(path, { name: "desk", scopes: ["participants:read"], ...rest });
    await using stage = await startStage({ simulator: { people: 4, polls: 0 }, env: { API_KEYS_FILE: path } });
    const { data } = await stage.query('{ searchPeople(search: "an") { gaps } }', {}, { "x-api-key": key });
    expect(data.searchPeople.gaps).toEqual(["CONTACTS_FORBIDDEN"]);
  });

  test("there are more than a search looks at", async () => {
    await using stage = await startStage({ simulator: { people: 2_400, polls: 0 } });
    for (const participant of stage.simulator.world.participants.values()) {
      Object.assign(participant, { name: "Sam Same" });
    }
    const found = await find(stage, { search: "same", first: 1 });
    expect(found.gaps).toEqual(["CONTACTS_NEVER_SEEN", "TOO_MANY_MATCHES"]);
    expect(found.total).toBeLessThanOrEqual(1_000);
  });
});
