import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { previewMessage, splitSegments } from "../src/message-preview.ts";
import { errorsAt, startStage } from "./support.ts";

const FAMILY = "👨‍👩‍👧‍👦";
const FLAG = "🇩🇪";

const segmentsOf = (text: string): string => {
  const { encoding, segmentCount } = previewMessage(text);
  return `${encoding} ${segmentCount}`;
};

// Inputs whose segments a carrier gateway billed: github.com/TwilioDevEd/message-segment-calculator/issues/66.
test.each([
  ["1a", `${"a".repeat(80)}\r\n${"a".repeat(79)}`, "GSM_7 2"],
  ["1b", `${"a".repeat(80)}\n${"a".repeat(79)}`, "GSM_7 1"],
  ["1c", `${"a".repeat(200)}\r\n${"a".repeat(105)}`, "GSM_7 3"],
  ["2a", "é".repeat(70), "GSM_7 1"],
  ["2b", "e\u0301".repeat(70), "UCS_2 3"],
  ["2c", "e\u0301", "UCS_2 1"],
  ["3a", "“curly” quotes", "UCS_2 1"],
  ["3c", "„low\u200c", "UCS_2 1"],
  ["4", "😀|", "UCS_2 1"],
  ["5a", "a".repeat(160), "GSM_7 1"],
  ["5b", "a".repeat(161), "GSM_7 2"],
  ["5c", "中".repeat(70), "UCS_2 1"],
  ["5d", "中".repeat(71), "UCS_2 2"],
  ["5e", "|", "GSM_7 1"],
  // Issues 39 and 18 of the same project.
  ["39", "]".repeat(153), "GSM_7 3"],
  ["18", `this is a ${"]".repeat(74)}😘`, "UCS_2 2"],
])("counts the segments that were billed for case %s", (_case, text, expected) => {
  expect(segmentsOf(text)).toBe(expected);
});

describe("segments", () => {
  test.each([
    ["nothing", "", "GSM_7 0"],
    ["153 twice", "a".repeat(306), "GSM_7 2"],
    ["one more", "a".repeat(307), "GSM_7 3"],
    ["67 twice", "中".repeat(134), "UCS_2 2"],
    ["one more, 16 bits", "中".repeat(135), "UCS_2 3"],
    ["80 extension characters", "€".repeat(80), "GSM_7 1"],
    ["81 extension characters", "€".repeat(81), "GSM_7 2"],
    ["an extension character that fits", `${"a".repeat(158)}€`, "GSM_7 1"],
    ["an extension character that does not", `${"a".repeat(159)}€`, "GSM_7 2"],
    ["an escape kept whole at 153", `${"a".repeat(152)}€${"a".repeat(152)}`, "GSM_7 3"],
    ["an escape that ends at 153", `${"a".repeat(151)}€${"a".repeat(153)}`, "GSM_7 2"],
    ["an extension character among others", `${"€".repeat(69)}中`, "UCS_2 1"],
    ["35 pairs", "😀".repeat(35), "UCS_2 1"],
    ["36 pairs", "😀".repeat(36), "UCS_2 2"],
    ["a pair kept whole at 67", `${"中".repeat(66)}😀${"中".repeat(66)}`, "UCS_2 3"],
    ["a pair that ends at 67", `${"中".repeat(65)}😀${"中".repeat(67)}`, "UCS_2 2"],
    ["an emoji of eleven units, which is split", FAMILY.repeat(7), "UCS_2 2"],
    ["a letter with many marks, which is split", `e${"\u0301".repeat(200)}`, "UCS_2 3"],
    ["a lone surrogate", "a\ud83d", "UCS_2 1"],
  ])("of %s", (_what, text, expected) => {
    expect(segmentsOf(text)).toBe(expected);
  });

  test("leave a unit unused rather than to split what belongs together", () => {
    expect(splitSegments(`${"a".repeat(152)}€${"a".repeat(9)}`)).toEqual(["a".repeat(152), `€${"a".repeat(9)}`]);
    expect(splitSegments(`${"中".repeat(66)}😀中中中`)).toEqual(["中".repeat(66), "😀中中中"]);
  });
});

describe("the GSM alphabet", () => {
  test("is the basic table and the extension table, and nothing else", () => {
    const singles = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code));
    const gsm = singles.filter((character) => previewMessage(character).encoding === "GSM_7");
    expect(gsm).toHaveLength(127 + 10);
    const twice = gsm.filter((character) => previewMessage(character.repeat(81)).segmentCount === 2);
    expect(twice.join("")).toBe("\f[\\]^{|}~€");
    expect(gsm.filter((character) => "çÁíóúâêîôû`\t\x1b".includes(character))).toEqual([]);
  });

  test("is left for what is shown: clusters that force 16 bits, each once, in order", () => {
    const { nonGsmCharacters } = previewMessage(`Olá, ${FAMILY} “e\u0301” ${FLAG} á ${FAMILY} 中€é\r\n`);
    expect(nonGsmCharacters).toEqual(["á", FAMILY, "“", "e\u0301", "”", FLAG, "中"]);
  });
});

describe("the cut", () => {
  test("is made after 1,600 code points, and no sooner", () => {
    const whole = "a".repeat(1_600);
    expect(previewMessage(whole)).toMatchObject({ text: whole, isTruncated: false, segmentCount: 11 });
    const longer = previewMessage(`${whole}中`);
    expect(longer).toMatchObject({ text: whole, isTruncated: true, characterCount: 1_601, encoding: "GSM_7" });
    expect(longer.nonGsmCharacters).toEqual([]);
  });

  test("counts a surrogate pair as one, and never goes through it", () => {
    const emoji = "😀".repeat(1_601);
    expect(previewMessage(emoji)).toMatchObject({ text: "😀".repeat(1_600), characterCount: 1_601 });
  });

  test("is made before the grapheme cluster that the limit falls into", () => {
    const letters = "a".repeat(1_599);
    for (const cluster of [FAMILY, FLAG, "e\u0301", "\r\n"]) {
      expect(previewMessage(`${letters}${cluster}b`).text).toBe(letters);
      expect(
        previewMessage(`${letters.slice(10)}${cluster}${letters}`).text.startsWith(`${letters.slice(10)}${cluster}`),
      ).toBe(true);
    }
  });

  test("goes through a cluster that is all there is", () => {
    const endless = `e${"\u0301".repeat(3_000)}`;
    expect(previewMessage(endless).text).toBe(endless.slice(0, 1_600));
  });

  test("shows lone surrogates as UTF-8 will carry them", () => {
    expect(previewMessage("a\ud83d b\ude00").text).toBe("a\ufffd b\ufffd");
  });

  test.each([
    ["a plain text", "a".repeat(1_600), false],
    ["a short text of extension characters", "€".repeat(800), false],
    ["extension characters beyond 1,600 septets", "€".repeat(801), true],
    ["an emoji", "Hi 😀", true],
    ["a text that is cut anyway", "😀".repeat(1_601), false],
  ])("may be made by Pidj's own measure: %s", (_what, text, expected) => {
    expect(previewMessage(text).mayBeTruncated).toBe(expected);
  });
});

const piece = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(..."aé€[😀中\u0301\r\n\ud83d"), maxLength: 200 }),
  fc.string({ unit: fc.constantFrom(..."ab€"), maxLength: 400 }),
);
const anyText = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(""));
const holds = (text: string, size: (character: string) => number) =>
  [...text].reduce((sum, character) => sum + size(character), 0);

test("segments make up the text, fit, and split neither a pair nor an escape", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const segments = splitSegments(text);
      expect(segments.join("")).toBe(text);
      expect(segments.flatMap((segment) => [...segment])).toEqual([...text]);
      const isGsm = previewMessage(text).encoding === "GSM_7";
      const [alone, oneOfSeveral] = isGsm ? [160, 153] : [70, 67];
      const most = segments.length > 1 ? oneOfSeveral : alone;
      const size = (character: string) => (isGsm ? ("\f^{}\\[~]|€".includes(character) ? 2 : 1) : character.length);
      for (const segment of segments) {
        expect(segment).not.toBe("");
        expect(holds(segment, size)).toBeLessThanOrEqual(most);
      }
    }),
  );
});

test("a text that grows never has fewer characters or segments", () => {
  const short = anyText.filter((text) => text.length <= 700);
  fc.assert(
    fc.property(short, short, (text, more) => {
      const [before, after] = [previewMessage(text), previewMessage(text + more)];
      expect(after.characterCount).toBeGreaterThanOrEqual(before.characterCount);
      expect(after.segmentCount).toBeGreaterThanOrEqual(before.segmentCount);
    }),
  );
});

test("what is delivered is a start of the text, of at most 1,600 code points", () => {
  const long = fc
    .tuple(fc.integer({ min: 1_500, max: 1_610 }), anyText)
    .map(([length, end]) => "a".repeat(length) + end);
  fc.assert(
    fc.property(long, (given) => {
      const { text, characterCount, isTruncated } = previewMessage(given);
      expect(characterCount).toBe([...given].length);
      expect([...text].length).toBeLessThanOrEqual(Math.min(characterCount, 1_600));
      expect(isTruncated || [...text].length === characterCount).toBe(true);
      expect(given.toWellFormed().startsWith(text)).toBe(true);
      expect(isTruncated).toBe(characterCount > 1_600);
    }),
  );
});

test("a megabyte is previewed in no more time than a person notices", () => {
  for (const unit of ["a", "😀", "\u0301", FAMILY, "\ud83d"]) {
    const started = performance.now();
    previewMessage(unit.repeat(1_000_000 / unit.length));
    expect(performance.now() - started).toBeLessThan(1_000);
  }
});

test("the graph previews a text without any platform call", async () => {
  await using stage = await startStage();
  const document = `query ($text: String!) {
    messagePreview(text: $text) {
      text encoding characterCount segmentCount isTruncated mayBeTruncated nonGsmCharacters
    }
  }`;
  const answer = await stage.query(document, { text: "Grüße 👍" });
  expect(errorsAt(answer)).toEqual({});
  expect(answer.data.messagePreview).toEqual({
    text: "Grüße 👍",
    encoding: "UCS_2",
    characterCount: 7,
    segmentCount: 1,
    isTruncated: false,
    mayBeTruncated: true,
    nonGsmCharacters: ["👍"],
  });
  expect(stage.calls()).toEqual([]);
});
