/** How a text is encoded for the network (3GPP TS 23.038 §4). */
type MessageEncoding = "GSM_7" | "UCS_2";

/** What would be delivered of a text, and in how many pieces: the graph's `MessagePreview`. */
export interface MessagePreview {
  /** The text as delivered. */
  readonly text: string;
  /** The encoding of `text`; segments and characters below are those of `text` too. */
  readonly encoding: MessageEncoding;
  /** Code points of the text that was given. */
  readonly characterCount: number;
  /** 0 for an empty text. */
  readonly segmentCount: number;
  /** Whether the text that was given has more than 1,600 code points. */
  readonly isTruncated: boolean;
  readonly mayBeTruncated: boolean;
  /** Grapheme clusters (what a person sees as one character), each once, in the order of the text. */
  readonly nonGsmCharacters: readonly string[];
}

/** Pidj cuts longer texts (docs/platforms.md P-10). */
const MOST_CHARACTERS = 1_600;

/**
 * GSM 7 bit default alphabet (3GPP TS 23.038 §6.2.1), in the order of its table, without the escape, which is no
 * character.
 */
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/**
 * The extension table (§6.2.1.1): each character takes an escape and so two septets. Neither platform mentions national
 * tables.
 */
const EXTENSION = "\f^{}\\[~]|€";

const SEPTETS: ReadonlyMap<string, number> = new Map([
  ...Array.from(BASIC, (character) => [character, 1] as const),
  ...Array.from(EXTENSION, (character) => [character, 2] as const),
]);

/**
 * What a segment holds, in septets or in UTF-16 code units: 140 octets. If a text has several segments, a header takes
 * six octets of each (3GPP TS 23.040 §9.2.3.24.1).
 */
const CAPACITIES: Readonly<Record<MessageEncoding, { readonly alone: number; readonly oneOfSeveral: number }>> = {
  GSM_7: { alone: 160, oneOfSeveral: 153 },
  UCS_2: { alone: 70, oneOfSeveral: 67 },
};

/** What Pidj would deliver of a text, of any length. No character is replaced by a cheaper one. */
export function previewMessage(given: string): MessagePreview {
  const characterCount = countCharacters(given);
  const isTruncated = characterCount > MOST_CHARACTERS;
  const text = cutText(given);
  const encoding = encodingOf(text);
  return {
    text,
    encoding,
    characterCount,
    segmentCount: splitSegments(text).length,
    isTruncated,
    // Pidj states its limit for plain text. A text of at most 1,600 septets is no longer than a plain text of 1,600
    // characters.
    mayBeTruncated: !isTruncated && (encoding === "UCS_2" || sizeOf(text, encoding) > MOST_CHARACTERS),
    nonGsmCharacters: encoding === "UCS_2" ? nonGsmCharactersOf(text) : [],
  };
}

/**
 * The pieces in which a text is sent over the network; none for an empty text. Neither a character with an escape nor a
 * surrogate pair is split over two pieces; a grapheme cluster may be.
 *
 * Not the package sms-segments-calculator: its time grows with the square of the length, it gives an empty text one
 * segment, and it undercounts a character with many combining marks.
 */
export function splitSegments(text: string): string[] {
  const encoding = encodingOf(text);
  const { alone, oneOfSeveral } = CAPACITIES[encoding];
  if (sizeOf(text, encoding) <= alone) {
    return text === "" ? [] : [text];
  }
  const segments: string[] = [];
  let start = 0;
  let end = 0;
  let taken = 0;
  for (const character of text) {
    const size = sizeOfCharacter(character, encoding);
    if (taken + size > oneOfSeveral) {
      segments.push(text.slice(start, end));
      start = end;
      taken = 0;
    }
    taken += size;
    end += character.length;
  }
  return [...segments, text.slice(start)];
}

/**
 * At most 1,600 code points. If the limit is inside a grapheme cluster, the cluster is left out, unless the text begins
 * with it. Lone surrogates, which UTF-8 cannot encode, become U+FFFD.
 */
function cutText(text: string): string {
  const limit = codeUnitsOf(text, MOST_CHARACTERS);
  if (limit === text.length) {
    return text.toWellFormed();
  }
  // Whether a cluster ends at the limit depends only on the code point after it.
  const withNext = text.slice(0, limit + codeUnitsOf(text.slice(limit, limit + 2), 1));
  const cut = GRAPHEMES.segment(withNext).containing(limit)?.index || limit;
  return text.slice(0, cut).toWellFormed();
}

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The number of code units that the first `characters` code points have. */
function codeUnitsOf(text: string, characters: number): number {
  let end = 0;
  for (let left = characters; left > 0 && end < text.length; left -= 1) {
    end += String.fromCodePoint(text.codePointAt(end) ?? 0).length;
  }
  return end;
}

function countCharacters(text: string): number {
  let count = 0;
  for (const _character of text) {
    count += 1;
  }
  return count;
}

function encodingOf(text: string): MessageEncoding {
  return isGsm(text) ? "GSM_7" : "UCS_2";
}

function isGsm(text: string): boolean {
  for (const character of text) {
    if (!SEPTETS.has(character)) {
      return false;
    }
  }
  return true;
}

function sizeOf(text: string, encoding: MessageEncoding): number {
  let size = 0;
  for (const character of text) {
    size += sizeOfCharacter(character, encoding);
  }
  return size;
}

function sizeOfCharacter(character: string, encoding: MessageEncoding): number {
  return encoding === "GSM_7" ? (SEPTETS.get(character) ?? 1) : character.length;
}

function nonGsmCharactersOf(text: string): string[] {
  const clusters = Array.from(GRAPHEMES.segment(text), ({ segment }) => segment);
  return [...new Set(clusters.filter((cluster) => !isGsm(cluster)))];
}
