import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fetch from "node-fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { runExplain } from "../src/commands/explain.ts";
import { readCosts } from "../src/operations/costs.ts";
import type { Plan } from "../src/operations/explain.ts";
import { CALLS_OF } from "../src/operations/routes.ts";
import { buildSchema, readTypeDefs } from "../src/operations/schema.ts";
import { snippetsOf } from "./snippets.ts";
import { type Stage, startStage } from "./support.ts";

const SIZES = { people: 30, polls: 6, responsesPerPoll: 12, pidjGroups: 5, series: 4, textizenGroups: 6 };
const GROUPS_OF_ALL =
  "query Groups($first: Int) { participants(first: $first) { nodes { who: name groups { name } } } }";

interface Explained {
  readonly status: number;
  readonly plan?: Plan;
  readonly errors?: readonly { message: string; extensions: Record<string, unknown> }[];
}

async function post(stage: Stage, body: unknown, headers: Record<string, string> = {}): Promise<Explained> {
  const response = await fetch(new URL("/explain", stage.app.url).href, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as Omit<Explained, "status">) };
}

describe("POST /explain", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage({ simulator: SIZES });
  });

  afterAll(() => stage[Symbol.asyncDispose]());

  test("tells which field calls what, how often at most, and what remains while lists are kept; it calls nothing", async () => {
    stage.calls();
    const { status, plan } = await post(stage, { query: GROUPS_OF_ALL, variables: { first: 20 } });

    expect(status).toBe(200);
    expect(plan).toEqual({
      kind: "query",
      name: "Groups",
      atMost: { calls: 41, objects: 221 },
      warm: { calls: 20, objects: 221 },
      allowed: { calls: 1_000, objects: 20_000 },
      refused: null,
      dearest: { path: "participants.nodes.groups", calls: 40, objects: 200 },
      fields: [expect.objectContaining({ field: "Query.participants", calls: ["TEXTIZEN GET /api/participants"] })],
    });
    expect(plan?.fields[0]?.fields[0]?.fields).toEqual([
      {
        name: "groups",
        field: "Participant.groups",
        calls: ["TEXTIZEN GET /api/participants/{id}", "TEXTIZEN GET /api/groups"],
        times: 20,
        atMost: { calls: 40, objects: 200 },
        warm: { calls: 20, objects: 200 },
        fields: [],
      },
    ]);
    expect(stage.calls()).toEqual([]);
  });

  test("explains what would be refused, and writes nothing for a mutation", async () => {
    const many = Array.from(
      { length: 12 },
      (_, at) => `a${at}: participants(first: 100) { nodes { groups { name } } }`,
    );
    const { plan } = await post(stage, { query: `{ ${many.join(" ")} }` });
    expect(plan).toMatchObject({ atMost: { calls: 2_401 }, refused: expect.stringContaining("2,401 platform calls") });

    const query = 'mutation { deleteContact(input: { id: "co:1" }) { userErrors { message } } }';
    const { plan: write } = await post(stage, { query });
    expect(write).toMatchObject({ kind: "mutation", atMost: { calls: 2 }, warm: { calls: 2 }, refused: null });
    expect(stage.calls()).toEqual([]);
  });

  test("names a shared list's call where an empty page reads it first, and a single call that kept lists do not spare", async () => {
    const groups = "nodes { groups { name } }";
    const query = `{ none: seriesList(first: 0) { ${groups} } seriesList(first: 1) { ${groups} } }`;
    expect(JSON.stringify((await post(stage, { query })).plan?.fields)).toContain("PIDJ GET /groups");
    const one = '{ contacts(first: 0, filter: { phoneNumber: "+12015554821" }) { totalCount } }';
    expect((await post(stage, { query: one })).plan).toMatchObject({ atMost: { calls: 1 }, warm: { calls: 1 } });
  });

  test.each([
    ["an unknown field", { query: "{ participant }" }, "GRAPHQL_VALIDATION_FAILED"],
    ["a document that is none", { query: "{" }, "GRAPHQL_PARSE_FAILED"],
    ["a wrong variable", { query: GROUPS_OF_ALL, variables: { first: "x" } }, "BAD_USER_INPUT"],
    ["an operation that is not there", { query: GROUPS_OF_ALL, operationName: "Other" }, "BAD_USER_INPUT"],
    ["no query", {}, "BAD_USER_INPUT"],
    ["a list", [{ query: GROUPS_OF_ALL }], "BAD_USER_INPUT"],
  ])("says why there is no plan: %s", async (_what, body, code) => {
    const { status, plan, errors } = await post(stage, body);
    expect(plan).toBeUndefined();
    expect({ status, code: errors?.[0]?.extensions["code"] }).toEqual({ status: 400, code });
  });

  test("takes POST of JSON only, and from this server's hosts only", async () => {
    const url = new URL("/explain", stage.app.url).href;
    const got = await fetch(url);
    expect({ status: got.status, allow: got.headers.get("allow") }).toEqual({ status: 405, allow: "POST" });
    const headers = { "content-type": "text/plain" };
    expect((await fetch(url, { method: "POST", headers, body: "{}" })).status).toBe(400);
    expect((await post(stage, { query: "{ __typename }" }, { host: "evil.example" })).status).toBe(403);
  });

  test("names in a plan are short, however long and often repeated its aliases are", async () => {
    const alias = "a".repeat(50_000);
    const spreads = Array.from({ length: 200 }, (_, at) => `p${at}: participants { ...F }`).join(" ");
    const query = `{ ${spreads} } fragment F on ParticipantConnection { ${alias}: nodes { name } }`;
    const { plan } = await post(stage, { query });
    expect(plan?.fields).toHaveLength(200);
    expect(JSON.stringify(plan).length).toBeLessThan(200_000);
  });
});

test("a caller without a credential is told nothing, and one with any gets the plan", async () => {
  const folder = mkdtempSync(join(tmpdir(), "explain-"));
  const path = join(folder, "keys.json");
  const key = addApiKey(path, {
    name: "reader",
    scopes: ["contacts:read"],
    expires: null,
    callsPerMinute: null,
    recipientsPerMinute: null,
  });
  try {
    await using stage = await startStage({ simulator: SIZES, env: { API_KEYS_FILE: path } });
    const body = { query: "{ participants { nodes { name } } }" };
    expect(await post(stage, body)).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: "UNAUTHENTICATED" } }],
    });
    expect(await post(stage, body, { "x-api-key": key })).toMatchObject({
      status: 200,
      plan: { atMost: { calls: 1 } },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("in production it tells no more of the schema than the operation names", async () => {
  await using stage = await startStage({ simulator: SIZES, env: { NODE_ENV: "production" } });
  expect(await post(stage, { query: "{ participants { nodes { nam } } }" })).toMatchObject({
    status: 400,
    errors: [{ message: 'Cannot query field "nam" on type "Participant".' }],
  });
  expect(await post(stage, { query: "{ __schema { types { name } } }" })).toMatchObject({ status: 400 });
  expect(await post(stage, { query: "{ participants { nodes { name } } }" })).toMatchObject({ status: 200 });
});

test("every field with a price says what it calls", () => {
  const silent = [...readCosts(readTypeDefs())].filter(([name, { calls }]) => calls > 0 && !CALLS_OF.has(name));
  expect(silent.map(([name]) => name)).toEqual([]);
  const schema = buildSchema();
  const unknown = [...CALLS_OF.keys()].filter((coordinate) => {
    const [type = "", field = ""] = coordinate.split(".");
    const fields = schema.getType(type);
    return field !== "" && field !== "_entities" && !(fields && "getFields" in fields && field in fields.getFields());
  });
  expect(unknown).toEqual([]);
});

describe("npm run explain", () => {
  const folder = mkdtempSync(join(tmpdir(), "explain-"));
  const file = join(folder, "query.graphql");

  afterAll(() => rmSync(folder, { recursive: true }));

  async function run(argv: readonly string[], text: string) {
    let [out, err] = ["", ""];
    writeFileSync(file, text);
    const code = await runExplain(argv, {
      limits: { calls: 1_000, objects: 20_000 },
      stdout: { write: (written: string) => (out += written) },
      stderr: { write: (written: string) => (err += written) },
    });
    return { code, out, err };
  }

  test("prints the tree that docs/prices.md shows", async () => {
    const snippets = snippetsOf("docs/prices.md");
    const bad = snippets.find(({ language }) => language === "graphql")?.text ?? "";
    const shown = snippets.find(({ text }) => text.startsWith("query Bad: at most"))?.text;
    expect(await run([file], bad)).toEqual({ code: 0, out: shown, err: "" });
  });

  test("reads variables and the name of the operation, and says what is wrong", async () => {
    const variables = join(folder, "variables.json");
    writeFileSync(variables, '{"first": 5}');
    const two = `${GROUPS_OF_ALL} query Polls { polls { nodes { title } } }`;
    expect((await run([file, "--variables", variables, "--operation", "Groups"], two)).out).toContain(
      "at most 11 calls",
    );
    expect((await run([file, "--operation", "Polls"], two)).out).toContain("query Polls: at most 1 call");
    expect(await run([file], two)).toMatchObject({ code: 1, err: expect.stringContaining("--operation Name") });
    expect(await run([file], "{\n  polls { nodes { titel } }\n}")).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${file}:2:19: Cannot query field "titel"`),
    });
    expect(await run([], two)).toMatchObject({ code: 2, err: expect.stringContaining("Usage") });
    writeFileSync(variables, '{"first": "x"}');
    expect(await run([file, "--variables", variables, "--operation", "Groups"], two)).toMatchObject({
      code: 1,
      err: expect.stringContaining("$first"),
    });
    const required = "query One($id: ID!) { poll(id: $id) { title } }";
    expect(await run([file], required)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/"\$id" .*was not provided\.\nGive the variables in a file: --variables/),
    });
  });
});
