import { STATUS_CODES as STATUS_PHRASES } from "node:http";
import { PLATFORM_NAMES, type PlatformError } from "../errors.ts";
import { NOT_FOUND_SENTENCE } from "../rest/not-found.ts";
import type { Refusal, RefusalCode } from "./refusal.ts";

/**
 * The argument of each property on the wire: name → path. Under a refusal's code: the only argument that it can be
 * about if the platform names none.
 */
export type FieldPaths = Readonly<Record<string, readonly string[] | undefined>>;

/** docs/platforms.md, Send a message. */
const CANNOT_SEND = /\b(no|not have an?|without an?) phone number\b/i;

/** Sentences of the platforms, of which neither documents all. The first that matches decides. */
const SENTENCES: readonly (readonly [sentence: RegExp, code: RefusalCode])[] = [
  [
    /\balready (exists|been taken|in use|taken|on record)\b|\bduplicate\b|\bmust be unique\b|\banother \w+ has\b/i,
    "ALREADY_EXISTS",
  ],
  [NOT_FOUND_SENTENCE, "NOT_FOUND"],
  [/\bno (contact|user) can\b/i, "NOT_FOUND"],
  [/\b(is|are) required\b|\bmust (be|have)\b|\bis not (an?|valid)\b|\bcannot be (removed|blank)\b/i, "INVALID_INPUT"],
];

const STATUS_CODES: Readonly<Record<number, RefusalCode>> = { 404: "NOT_FOUND", 409: "ALREADY_EXISTS" };

/** A platform's refusal as user errors: one for each field that it names and that was sent, else one for the whole. */
export function refusalsOf(error: PlatformError, paths: FieldPaths): Refusal[] {
  const byField = Object.entries(error.fieldMessages).flatMap(([name, message]) => {
    const field = pathOf(name, paths);
    return field === null ? [] : [{ code: codeOf(message) ?? "INVALID_INPUT", field, message: `${name} ${message}` }];
  });
  if (byField.length > 0) {
    return byField;
  }
  const words = error.platformMessage ?? "";
  const code = codeOf(words, error.status) ?? "REFUSED_BY_PLATFORM";
  const field = fieldNamedIn(words, paths) ?? pathOf(code, paths);
  return [{ code, field, message: saysWhy(error) ? words : withoutWords(error) }];
}

function pathOf(name: string, paths: FieldPaths): readonly string[] | null {
  return (Object.hasOwn(paths, name) ? paths[name] : null) ?? null;
}

/** The property that a sentence names, by its name on the wire. If it names several, the longest name counts. */
function fieldNamedIn(message: string, paths: FieldPaths): readonly string[] | null {
  const words = new Set(message.toLowerCase().split(/[^a-z0-9_]+/));
  const [name] = Object.keys(paths)
    .filter((each) => words.has(each))
    .sort((a, b) => b.length - a.length);
  return name === undefined ? null : pathOf(name, paths);
}

/** False if the platform said nothing, or no more than its HTTP status is called: "Not Found". */
function saysWhy({ platformMessage, status }: PlatformError): boolean {
  return platformMessage !== null && platformMessage.toLowerCase() !== STATUS_PHRASES[status ?? 0]?.toLowerCase();
}

function withoutWords({ platform, status }: PlatformError): string {
  return status === 404
    ? `${PLATFORM_NAMES[platform]} has nothing of an id that was given.`
    : `${PLATFORM_NAMES[platform]} refused, and did not say why.`;
}

/** A status is more reliable than words in a sentence. */
function codeOf(message: string, status: number | null = null): RefusalCode | null {
  if (CANNOT_SEND.test(message)) {
    return "GROUP_CANNOT_SEND";
  }
  return STATUS_CODES[status ?? 0] ?? SENTENCES.find(([sentence]) => sentence.test(message))?.[1] ?? null;
}
