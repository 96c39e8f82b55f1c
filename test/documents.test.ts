import { expect, test } from "vitest";
import { Documents } from "../src/operations/documents.ts";
import { buildSchema } from "../src/operations/schema.ts";

const documents = new Documents(buildSchema(), true);
/** A document of about so many characters, unlike all with another number. */
const document = (at: number, characters: number) => `query Q${at} { __typename } # ${"x".repeat(characters)}`;

test("equal texts are one document, parsed and validated once for all transports", () => {
  const text = document(0, 100);
  expect(documents.prepare(text)).toBe(documents.prepare(`${text}`));
  expect(documents.prepare(text)).toHaveProperty("kind", "Document");
});

test("what they take of memory is bounded by their size: those used least recently are let go of", () => {
  const first = document(1, 4_000);
  const used = document(2, 4_000);
  const [firstParsed, usedParsed] = [documents.prepare(first), documents.prepare(used)];
  // More than 64 MB of parsed documents, while one of the two is asked for all the time.
  for (let at = 3; at < 200; at += 1) {
    documents.prepare(document(at, 4_000));
    expect(documents.prepare(used)).toBe(usedParsed);
  }
  expect(documents.prepare(first)).not.toBe(firstParsed);
});

test("a document that is no screen's is not kept", () => {
  const text = `# ${"x".repeat(40_000)}\n{ __typename }`;
  expect(documents.prepare(text)).not.toBe(documents.prepare(text));
});

test("a document that repeats too many fields to be compared is refused with a reason", () => {
  const refused = documents.prepare(`{ ${"__typename ".repeat(1_000)} }`);
  expect(refused).toMatchObject({
    code: "GRAPHQL_VALIDATION_FAILED",
    errors: [{ message: "The document repeats too many fields to be compared: ask for each field once." }],
  });
});
