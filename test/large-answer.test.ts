import fc from "fast-check";
import { expect, test } from "vitest";
import { stringifyInTurns } from "../src/operations/large-answer.ts";

test("an answer that is written in turns is, byte for byte, what JSON.stringify writes", async () => {
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6, withCrossShrink: true },
      fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.boolean(), fc.constantFrom(null, undefined, new Date(0))),
      fc.array(tie("tree"), { maxLength: 5 }),
      fc.dictionary(fc.string(), tie("tree"), { maxKeys: 5 }),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), tree), async (answer) => {
      expect(await stringifyInTurns(answer)).toBe(JSON.stringify(answer));
    }),
    { numRuns: 300 },
  );
});
