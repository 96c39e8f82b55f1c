import { createHash } from "node:crypto";
import fetch, { type RequestInit } from "node-fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, type Stage, startStage } from "./support.ts";

const JSON_TYPE = { "content-type": "application/json" };
const PREFLIGHTED = { "apollo-require-preflight": "yes" };

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ simulator: { people: 6, polls: 1, responsesPerPoll: 2 } });
});
afterAll(() => stage[Symbol.asyncDispose]());

async function send(init: RequestInit, query = ""): Promise<Answer> {
  const response = await fetch(`${stage.app.url}${query}`, init);
  return { ...((await response.json()) as Omit<Answer, "status">), status: response.status };
}

function post(body: unknown, headers: Record<string, string> = JSON_TYPE): Promise<Answer> {
  return send({ method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
}

/** The one error that a request was refused with. */
function refusal({ status, data, errors }: Answer): { status: number; code: unknown; data: unknown; message: string } {
  expect(errors).toHaveLength(1);
  const [error] = errors ?? [];
  expect(error?.extensions["retryable"]).toBe(false);
  return { status, code: error?.extensions["code"], data, message: error?.message ?? "" };
}

describe("a request that is no GraphQL request", () => {
  const bodies: [name: string, body: unknown, headers: Record<string, string>, status: number][] = [
    ["malformed JSON", `{"query": "{ __typename }"`, JSON_TYPE, 400],
    ["an empty body", "", JSON_TYPE, 400],
    ["a list", [{ query: "{ __typename }" }], JSON_TYPE, 400],
    ["a number", "5", JSON_TYPE, 400],
    ["null", "null", JSON_TYPE, 400],
    ["an object without a query", {}, JSON_TYPE, 400],
    ["a query that is no text", { query: 5 }, JSON_TYPE, 400],
    ["variables that are text", { query: "{ __typename }", variables: "{}" }, JSON_TYPE, 400],
    ["extensions that are text", { query: "{ __typename }", extensions: "{}" }, JSON_TYPE, 400],
    ["a poisoned prototype", `{"query": "{ __typename }", "__proto__": {"isAdmin": true}}`, JSON_TYPE, 400],
    ["XML", "<query/>", { "content-type": "application/xml" }, 415],
    ["a form", "query={__typename}", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["a file", "query", { "content-type": "multipart/form-data; boundary=x" }, 415],
    ["a body of more than 256 kB", { query: `# ${"x".repeat(262_144)}\n{ __typename }` }, JSON_TYPE, 413],
  ];
  test.each(bodies)("%s is refused in GraphQL's shape", async (_name, body, headers, status) => {
    const answer = await post(body, headers);
    expect(refusal(answer)).toMatchObject({ status, code: expect.stringMatching(/^BAD_(USER_INPUT|REQUEST)$/) });
    expect(answer.data).toBeUndefined();
  });

  test.each(["application/json", "text/event-stream"])(
    "a list of operations is refused with what to do, for %s",
    async (accept) => {
      const answer = await post([{ query: "{ __typename }" }, { query: "{ __typename }" }], { ...JSON_TYPE, accept });
      const message = "A request is one operation, not a list of them: send each in a request of its own.";
      expect(refusal(answer)).toMatchObject({ status: 400, code: "BAD_USER_INPUT", message });
    },
  );

  test("from a form of another site is refused before it is read (CSRF)", async () => {
    stage.calls();
    const plain = await post({ query: "{ surveys { totalCount } }" }, { "content-type": "text/plain" });
    const get = await send({}, `?query=${encodeURIComponent("{ surveys { totalCount } }")}`);
    for (const answer of [plain, get]) {
      expect(refusal(answer)).toMatchObject({ status: 400, code: "BAD_USER_INPUT", data: undefined });
      expect(refusal(answer).message).toContain("CSRF");
    }
    expect(stage.calls()).toEqual([]);
  });
});

describe("GET", () => {
  test("answers a query that could not have come from a form", async () => {
    const query = `?query=${encodeURIComponent("query ($n: Int) { surveys(first: $n) { nodes { id } } }")}&variables=${encodeURIComponent('{"n":1}')}`;
    const answer = await send({ headers: PREFLIGHTED }, query);
    expect(answer.status).toBe(200);
    expect(answer.data.surveys.nodes).toHaveLength(1);
  });

  test("refuses a mutation: following a link changes nothing", async () => {
    const answer = await send({ headers: PREFLIGHTED }, `?query=${encodeURIComponent("mutation { __typename }")}`);
    expect(refusal(answer)).toMatchObject({ status: 405, data: undefined });
  });
});

describe("a document", () => {
  const documents: [name: string, document: string, code: string][] = [
    ["that does not parse", "{ polls {", "GRAPHQL_PARSE_FAILED"],
    ["that is empty", " ", "GRAPHQL_PARSE_FAILED"],
    ["of more than 1,500 tokens", `{ ${"__typename ".repeat(1_500)} }`, "GRAPHQL_PARSE_FAILED"],
    ["nested by the thousand", "{a".repeat(20_000), "GRAPHQL_PARSE_FAILED"],
    ["with an unknown field", "{ nothing }", "GRAPHQL_VALIDATION_FAILED"],
    ["with an unknown argument", "{ polls(limit: 3) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"],
    ["with fragments in a circle", "{ ...A } fragment A on Query { ...A }", "GRAPHQL_VALIDATION_FAILED"],
    ["that asks for the federation's machinery", "{ _service { sdl } }", "GRAPHQL_VALIDATION_FAILED"],
    ["that asks for entities", "{ _entities(representations: []) { __typename } }", "GRAPHQL_VALIDATION_FAILED"],
  ];
  test.each(documents)("%s is refused and nothing is asked of a platform", async (_name, query, code) => {
    stage.calls();
    const answer = await post({ query });
    expect(answer.status).toBe(400);
    expect(answer.data).toBeUndefined();
    expect(answer.errors?.[0]?.extensions).toEqual({ code, retryable: false });
    expect(stage.calls()).toEqual([]);
  });

  test("of up to 1,500 tokens is answered", async () => {
    const answer = await post({ query: `{ ${"a: __typename ".repeat(495)} }` });
    expect(answer).toMatchObject({ status: 200, data: { a: "Query" } });
  });

  test("of several operations needs the name of one of them", async () => {
    const query = "query A { surveys { totalCount } } query B { __typename }";
    expect((await post({ query, operationName: "B" })).data).toEqual({ __typename: "Query" });
    for (const operationName of [undefined, "C"]) {
      expect(refusal(await post({ query, operationName }))).toMatchObject({
        status: 400,
        code: "BAD_USER_INPUT",
      });
    }
  });

  test("of an operation that the schema does not have is the client's mistake", async () => {
    const answer = await post({ query: "subscription { __typename }" });
    expect(answer.errors?.[0]?.extensions["code"]).not.toBe("INTERNAL_SERVER_ERROR");
  });

  test("with fragments, aliases and conditions is answered as written", async () => {
    const [poll] = stage.simulator.world.polls.values();
    const { data, errors } = await stage.query(
      `query Named($id: ID!, $isLong: Boolean!) {
        one: poll(id: $id) { ...Titled type: __typename }
        other: node(id: $id) { __typename ... on Poll { ...Titled language @include(if: $isLong) } }
        groups: textizenGroups(first: 1) { nodes { ...Any } }
      }
      fragment Titled on Poll { heading: title }
      fragment Any on Group { name platform }`,
      { id: `poll:${poll?.id}`, isLong: false },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      one: { heading: poll?.title, type: "Poll" },
      other: { __typename: "Poll", heading: poll?.title },
      groups: { nodes: [{ name: expect.any(String), platform: "TEXTIZEN" }] },
    });
  });
});

describe("variables", () => {
  const wrong: [document: string, variables: object, named: string][] = [
    ["query ($n: PhoneNumber!) { person(phoneNumber: $n) { id } }", { n: "4155551212" }, "$n"],
    ["query ($n: PhoneNumber!) { person(phoneNumber: $n) { id } }", { n: 14155551212 }, "$n"],
    ["query ($n: PhoneNumber!) { person(phoneNumber: $n) { id } }", {}, "$n"],
    ["query ($p: [PhoneNumber!]!) { people(phoneNumbers: $p) { id } }", { p: ["+14155551212", "+0"] }, "p[1]"],
    ["query ($f: PollFilter) { polls(filter: $f) { totalCount } }", { f: { colour: "red" } }, "$f"],
    [
      "query ($o: ListOrder) { polls(orderBy: $o) { totalCount } }",
      { o: { field: "SIZE", direction: "ASC" } },
      "o.field",
    ],
    ["query ($first: Int) { polls(first: $first) { totalCount } }", { first: "ten" }, "$first"],
  ];
  test.each(wrong)("%s %j are refused with 400, and named", async (query, variables, named) => {
    const answer = await post({ query, variables });
    expect(refusal(answer)).toMatchObject({ status: 400, code: "BAD_USER_INPUT", data: undefined });
    expect(refusal(answer).message).toContain(named);
  });

  const ids: [field: string, id: string][] = [
    ["poll", "participant:58"],
    ["poll", "3"],
    ["poll", "poll:"],
    ["poll", "poll:../users"],
    ["contact", "us:1"],
    ["contact", "co:two words"],
    ["participant", "participant:1?auth_token=x"],
    ["group", "co:1"],
    ["node", "question:3.9"],
    ["node", "person:4155551212"],
    ["node", ""],
  ];
  test.each(ids)("%s(id: %j) is BAD_USER_INPUT at its field, and nothing is asked", async (field, id) => {
    stage.calls();
    const answer = await stage.query(`query ($id: ID!) { ${field}(id: $id) { id } }`, { id });
    expect(answer.data).toEqual({ [field]: null });
    expect(answer.errors).toMatchObject([{ path: [field], extensions: { code: "BAD_USER_INPUT", argument: ["id"] } }]);
    expect(stage.calls()).toEqual([]);
  });
});

test("an id that is none is answered with what one looks like, wherever an id is expected", async () => {
  const { errors } = await stage.query(
    '{ node(id: "hello") { id } nodes(ids: ["hello"]) { id } contact(id: "hello") { id } poll(id: "hello") { id } }',
  );
  expect(errors?.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^id must be .*participant:58/),
    expect.stringMatching(/^ids\.0 must be .*participant:58/),
    expect.stringMatching(/^id must be .*co:…/),
    expect.stringMatching(/^id must be .*poll:3/),
  ]);
});

describe("a persisted query", () => {
  const query = "{ surveys { totalCount } }";
  const hash = createHash("sha256").update(query).digest("hex");
  const persisted = (sha256Hash: unknown, version = 1) => ({ extensions: { persistedQuery: { version, sha256Hash } } });

  test("is asked for by its hash once it has been told", async () => {
    expect(refusal(await post(persisted(hash)))).toMatchObject({ status: 200, code: "PERSISTED_QUERY_NOT_FOUND" });
    expect((await post({ query, ...persisted(hash) })).data).toEqual({ surveys: { totalCount: 4 } });
    expect((await post(persisted(hash))).data).toEqual({ surveys: { totalCount: 4 } });
  });

  test("under another text's hash, or of another version, is the client's mistake", async () => {
    const other = "0".repeat(64);
    expect(refusal(await post({ query, ...persisted(other) }))).toMatchObject({ status: 400, code: "BAD_USER_INPUT" });
    expect(refusal(await post({ query, ...persisted(hash, 2) }))).toMatchObject({
      status: 400,
      code: "BAD_USER_INPUT",
    });
    expect(refusal(await post(persisted(other))).code).toBe("PERSISTED_QUERY_NOT_FOUND");
    expect(refusal(await post(persisted({ a: 1 }))).code).toBe("PERSISTED_QUERY_NOT_FOUND");
  });
});
