import fetch from "node-fetch";
import { expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import { configFor, startStage } from "./support.ts";

const NAME = "query Name($id: ID!, $is: Boolean = true) { participant(id: $id) { id name @include(if: $is) } }";
const TWO = "query A { textizenGroups(first: 1) { nodes { id } } } query B { campaigns(first: 1) { totalCount } }";
const CONTENT = { "content-type": "application/json" };
const id = "participant:1001";

/** Whatever a client may send of a query that has been answered before. */
const bodies: readonly (readonly [string, unknown])[] = [
  ["plain", { query: NAME, variables: { id } }],
  [
    "with what Apollo Client adds",
    { query: NAME, variables: { id }, operationName: "Name", extensions: { a: { b: 1 } } },
  ],
  ["without its name", { query: NAME, variables: { id }, operationName: null, extensions: null }],
  ["with another name", { query: NAME, variables: { id }, operationName: "Other" }],
  ["with an empty name", { query: NAME, variables: { id }, operationName: "" }],
  ["with a name that is none", { query: NAME, variables: { id }, operationName: 1 }],
  ["without a variable that it needs", { query: NAME }],
  ["with null for variables", { query: NAME, variables: null }],
  ["with a variable of another type", { query: NAME, variables: { id, is: "perhaps" } }],
  ["with a null that is not allowed", { query: NAME, variables: { id, is: null } }],
  ["with a variable too many", { query: NAME, variables: { id, more: 1 } }],
  ["with a list for variables", { query: NAME, variables: [id] }],
  ["with a text for variables", { query: NAME, variables: JSON.stringify({ id }) }],
  ["with a list for extensions", { query: NAME, variables: { id }, extensions: [] }],
  [
    "with the hash of another",
    { query: NAME, variables: { id }, extensions: { persistedQuery: { version: 1, sha256Hash: "0" } } },
  ],
  ["for nobody", { query: NAME, variables: { id: "participant:99999999" } }],
  ["for an id that is none", { query: NAME, variables: { id: "nobody" } }],
  ["one of two", { query: TWO, operationName: "A" }],
  ["the other of two", { query: TWO, operationName: "B" }],
  ["neither of two", { query: TWO }],
  ["a query that asks for the schema", { query: "{ __schema { queryType { name } } }" }],
  ["a query that is none", { query: "{ nothing }" }],
];

const accepts = [
  "*/*",
  "application/json",
  "application/graphql-response+json",
  "application/graphql-response+json, application/json;q=0.9",
  "text/html",
];

async function post(url: string, body: unknown, accept: string) {
  const response = await fetch(url, { method: "POST", headers: { ...CONTENT, accept }, body: JSON.stringify(body) });
  const { date: _date, "x-request-id": _id, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, body: await response.text() };
}

test("what is known is answered as it is when asked for the first time, in whatever form it is asked", async () => {
  const env = { NODE_ENV: "production" };
  await using stage = await startStage({ simulator: { people: 5, polls: 0 }, env });
  const first = await startApp(configFor(stage.simulator, { ...env, SHARE_OPERATIONS: "off" }));
  for (const accept of accepts) {
    // From here on the texts are known.
    await post(stage.app.url, { query: NAME, variables: { id } }, accept);
    await post(stage.app.url, { query: NAME, variables: { id }, operationName: "Name" }, accept);
    for (const [name, body] of [...bodies, ...bodies]) {
      expect(await post(stage.app.url, body, accept), `${accept}, ${name}`).toEqual(
        await post(first.url, body, accept),
      );
    }
  }
  await first.close();
});

test("so it is in development, where it says what it cost too", async () => {
  await using stage = await startStage({ simulator: { people: 5, polls: 0 } });
  // An Accept header that was not seen before goes the long way.
  for (const [name, body] of bodies) {
    const first = await post(stage.app.url, body, `application/json, text/x-${name.replaceAll(" ", "-")}`);
    const known = await post(stage.app.url, body, "application/json");
    expect({ status: known.status, type: known.headers["content-type"] }, name).toEqual({
      status: first.status,
      type: first.headers["content-type"],
    });
    const [early, late] = [JSON.parse(first.body), JSON.parse(known.body)];
    expect({ ...late, extensions: undefined }, name).toEqual({ ...early, extensions: undefined });
    expect(Object.keys(late), name).toEqual(Object.keys(early));
  }
});

test("a mutation is never known, however often it is sent", async () => {
  await using stage = await startStage({ simulator: { people: 5, polls: 0 }, env: { NODE_ENV: "production" } });
  const create = 'mutation { createTextizenGroup(input: { name: "Again" }) { group { id } } }';
  const ids = new Set<string>();
  for (let times = 0; times < 3; times += 1) {
    ids.add((await stage.query(create)).data.createTextizenGroup.group.id);
  }
  expect(ids.size).toBe(3);
});
