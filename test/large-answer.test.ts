import fc from "fast-check";
import { expect, test } from "vitest";
import { stringifyInTurns } from "../src/operations/large-answer.ts";
import { forward, startListening } from "./subscribers.ts";

test("an answer of more than 32 MB is not written to its end, however few its objects, and holds nobody up", async () => {
  await using stage = await startListening({ env: { NODE_ENV: "production" } });
  const numbers = ["+12025550101", "+12025550102", "+12025550103"];
  await Promise.all(
    numbers.flatMap((from) =>
      Array.from({ length: 50 }, (_, at) => forward(stage.app.url, "😀".repeat(1_550) + at, { from })),
    ),
  );
  const texts = (count: number) => Array.from({ length: count }, (_, at) => `t${at}: text`).join(" ");
  const ask = (count: number) =>
    stage.query(
      `query ($numbers: [PhoneNumber!]!) { people(phoneNumbers: $numbers) { receivedMessages(first: 100) { nodes { ${texts(count)} } } } }`,
      { numbers },
      { "x-textgraph-cost": "1" },
    );

  const large = await ask(95);
  expect(large).toMatchObject({
    status: 200,
    data: null,
    errors: [{ message: expect.stringContaining("32 MB"), extensions: { code: "QUERY_TOO_COSTLY", retryable: false } }],
    extensions: { cost: { actual: { objects: 156 } } },
  });
  const small = await ask(1);
  expect(small.data.people[2].receivedMessages.nodes).toHaveLength(50);
}, 30_000);

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
