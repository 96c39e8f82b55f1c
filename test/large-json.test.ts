import fc from "fast-check";
import { expect, test } from "vitest";
import { LARGE_BYTES, parseLargeJson } from "../src/rest/large-json.ts";

/** More members of a kind than are parsed at once, with everything in them that could mislead a scanner. */
const awkward = { "a,b": '],}"\\', n: [1, [2, { x: "\\\\" }], {}], "é😀": "\u2028", e: "" };
const many = Array.from({ length: 6_000 }, (_, id) => ({ id, ...awkward }));

function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text);
  expect(bytes.length).toBeGreaterThan(LARGE_BYTES);
  return bytes;
}

test.each([
  ["an array", many],
  ["an object of many members", Object.fromEntries(many.map((item) => [`key ${item.id}`, item]))],
  ["a list in an envelope", { status: "ok", data: { people: many, count: 6_000 } }],
  ["an array of one large string", ["x".repeat(400_000)]],
  ["nested arrays", [many, [many, []], {}]],
])("reads %s as JSON.parse does", async (_name, value) => {
  expect(await parseLargeJson(bytesOf(JSON.stringify(value)))).toEqual(value);
  const spread = JSON.stringify(value, null, 2);
  expect(await parseLargeJson(bytesOf(`\uFEFF \n${spread}\r\n`))).toEqual(value);
});

test("gives a member named __proto__ as JSON.parse does", async () => {
  const text = `{"__proto__": {"isAdmin": true}, "rows": ${JSON.stringify(many)}}`;
  const value = (await parseLargeJson(bytesOf(text))) as object;
  expect(Object.keys(value)).toEqual(["__proto__", "rows"]);
  expect("isAdmin" in value).toBe(false);
});

const sound = JSON.stringify(many);

test.each([
  ["cut short", sound.slice(0, -1)],
  ["cut inside a string", sound.slice(0, 300_001)],
  ["followed by something", `${sound} 1`],
  ["closed by the wrong bracket", `${sound.slice(0, -1)}}`],
  ["with a comma too many", `${sound.slice(0, -1)},]`],
  ["with a comma too early", `[,${sound.slice(1)}`],
  ["without a comma", sound.replace("},{", "}{")],
  ["without a colon", `{"a" ${sound}}`],
  ["with a name that is no string", `{1:${sound}}`],
  ["half an object", `{"a":${sound}`],
])("refuses what is %s", async (_name, text) => {
  await expect(parseLargeJson(bytesOf(text))).rejects.toThrow(SyntaxError);
});

test("agrees with JSON.parse on whatever is valid, and on damage to it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.nat(), fc.nat({ max: 255 }), async (value, place, byte) => {
      const bytes = Buffer.from(JSON.stringify([many, value]));
      expect(await parseLargeJson(bytes)).toEqual(JSON.parse(bytes.toString()));
      bytes[bytes.length - 1 - (place % 200)] = byte;
      const expected = attempt(() => JSON.parse(bytes.toString()) as unknown);
      const actual = await parseLargeJson(bytes).catch(() => "refused");
      expect(actual).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

function attempt(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return "refused";
  }
}
