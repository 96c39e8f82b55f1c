import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPersisting } from "../kit/client/trusted-documents.ts";
import { ANONYMOUS } from "../src/access/caller.ts";
import { buildSchema } from "../src/operations/schema.ts";
import { readTrustedDocuments } from "../src/operations/trusted-documents.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "extract-"));
  mkdirSync(join(folder, "src", "node_modules"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, "src", name), text);
const out = () => join(folder, "manifest.json");

function extract(...more: string[]) {
  const program = new URL("../src/commands/extract-documents.ts", import.meta.url).pathname;
  return promisify(execFile)(process.execPath, [program, join(folder, "src"), "--out", out(), ...more]).catch(
    (error: { stderr: string }) => error,
  );
}

test("a manifest is made of .graphql files and of tags, each operation with the fragments that it uses", async () => {
  write(
    "polls.graphql",
    "fragment Name on Poll { title } fragment Unused on Poll { id } query Polls { polls { nodes { ...Name } } }",
  );
  write(
    "screen.tsx",
    "const Q = gql`query Surveys { surveys { nodes { id } } }`; export const View = () => <b>{String(Q)}</b>;",
  );
  write("typed.ts", 'import { graphql } from "./gql"; graphql(`subscription Texts { messageReceived { cursor } }`);');
  write("node_modules/other.graphql", "query Other { nothing }");

  expect(await extract()).toMatchObject({ stdout: expect.stringContaining("operations: 3") });

  const { operations, ...head } = JSON.parse(readFileSync(out(), "utf8"));
  expect(head).toEqual({ format: "apollo-persisted-query-manifest", version: 1 });
  expect(operations.map(({ name, type }: { name: string; type: string }) => [name, type])).toEqual([
    ["Polls", "query"],
    ["Surveys", "query"],
    ["Texts", "subscription"],
  ]);
  expect(operations[0].body).toContain("fragment Name on Poll {\n  title\n  __typename\n}");
  expect(operations[0].body).not.toContain("Unused");
  const trusted = readTrustedDocuments(out(), buildSchema());
  expect(trusted.textOf({ text: "", documentId: operations[2].id, caller: ANONYMOUS })).toBe(operations[2].body);
});

test.each([
  ["does not fit the schema", "query Q { polsl { id } }", /a\.graphql: Q: Cannot query field "polsl"/],
  ["is no GraphQL", "query Q {", /a\.graphql: Syntax Error/],
  ["has no name", "{ eventCursor }", /a\.graphql: every operation needs a name/],
  ["is another one in another file", "query Same { a: eventCursor }", /different definitions of Same/],
])("an operation that %s is said by its file, and nothing is written", async (_name, text, message) => {
  write("a.graphql", text);
  write("b.graphql", "query Same { eventCursor }");
  expect(await extract()).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
  expect(() => readFileSync(out())).toThrow();
});

test("what a client needs of a manifest is written beside it: names and ids", async () => {
  write("cursor.graphql", "query Cursor { eventCursor }");
  const ids = join(folder, "ids.json");
  await extract("--ids", ids);

  const [{ id }] = JSON.parse(readFileSync(out(), "utf8")).operations;
  const { operations } = JSON.parse(readFileSync(ids, "utf8"));
  expect(operations).toEqual([{ id, name: "Cursor" }]);
  expect(createPersisting({ operations })("Cursor")).toEqual({ persistedQuery: { version: 1, sha256Hash: id } });
});

test("a copy of the schema is left out; a folder without operations, or none at all, makes no manifest", async () => {
  write("schema.graphql", "type Query { eventCursor: String! }");
  expect(await extract()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^There is no operation in what was named/),
  });
  expect(() => readFileSync(out())).toThrow();

  write("cursor.graphql", "query Cursor { eventCursor }");
  expect(await extract()).toMatchObject({ stdout: expect.stringContaining("operations: 1") });

  rmSync(join(folder, "src"), { recursive: true });
  expect(await extract()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/cannot be opened \(ENOENT\): name a folder/),
  });
});
