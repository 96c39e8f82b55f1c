import type { PlatformError } from "../errors.ts";
import type { Refusal, RefusalCode } from "./refusal.ts";

/** Where a platform's property comes from: wire name → path into the arguments. */
export type FieldPaths = Readonly<Record<string, readonly string[]>>;

const NAMES = { PIDJ: "Pidj", TEXTIZEN: "Textizen" } as const;

/** What the platforms are known to say, in words that neither documents in full. The first that fits decides. */
const SENTENCES: readonly (readonly [sentence: RegExp, code: RefusalCode])[] = [
  [/\b(no|not have an?|without an?) phone number\b/i, "GROUP_CANNOT_SEND"],
  [/\balready (exists|been taken|in use|taken|on record)\b|\bduplicate\b|\bmust be unique\b/i, "ALREADY_EXISTS"],
  [/\b(not|n't) (be )?(found|exist)\b|\bno such\b|\bunknown (contact|group|series|survey|user|poll)\b/i, "NOT_FOUND"],
];

const STATUS_CODES: Readonly<Record<number, RefusalCode>> = { 404: "NOT_FOUND", 409: "ALREADY_EXISTS" };

/** A platform's "no" as refusals: one for each field that it names and we sent, else one for the whole. */
export function refusalsOf(error: PlatformError, paths: FieldPaths): Refusal[] {
  const byField = Object.entries(error.fieldMessages).flatMap(([name, message]) => {
    const field = paths[name];
    return field === undefined
      ? []
      : [{ code: codeOf(message) ?? "INVALID_INPUT", field, message: `${name} ${message}` }];
  });
  if (byField.length > 0) {
    return byField;
  }
  const message = error.platformMessage ?? `${NAMES[error.platform]} refused, and did not say why.`;
  const code = codeOf(message) ?? STATUS_CODES[error.status ?? 0] ?? "REFUSED_BY_PLATFORM";
  return [{ code, field: null, message }];
}

function codeOf(message: string): RefusalCode | null {
  return SENTENCES.find(([sentence]) => sentence.test(message))?.[1] ?? null;
}
