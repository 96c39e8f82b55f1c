import { createHash } from "node:crypto";
import type { JobId } from "../ids.ts";
import type { StopSignal } from "../rest/calls.ts";
import { pause } from "../rest/waiting.ts";
import type { Attempt, KeyInUse } from "../store/attempts.ts";
import { parseRowKey } from "../store/job-records.ts";
import { type Refusal, Refused } from "./refusal.ts";

const KEY_FIELD = ["input", "idempotencyKey"];
const LONGEST_KEY = 255;

/**
 * The attempt of a write; null if it has no key. `jobId`: the job whose row it is; nobody else may have the key of a row,
 * which would be taken for the row's own. Throws Refused for an invalid key.
 */
export function attemptOf(
  {
    idempotencyKey: key,
    mutation,
    input,
  }: {
    readonly idempotencyKey: string | null;
    readonly mutation: string;
    readonly input: unknown;
  },
  jobId: JobId | null,
): Attempt | null {
  if (key === null) {
    return null;
  }
  if (key.trim() === "" || key.length > LONGEST_KEY) {
    const message = `idempotencyKey must not be blank, and have at most ${LONGEST_KEY} characters.`;
    throw new Refused({ code: "INVALID_INPUT", field: KEY_FIELD, message });
  }
  const row = parseRowKey(key);
  if (row !== null && row.id !== jobId) {
    const message = "idempotencyKey must not have the form job:…:1, in which the server names the rows of jobs.";
    throw new Refused({ code: "INVALID_INPUT", field: KEY_FIELD, message });
  }
  const fingerprint = createHash("sha256").update(canonicalJson(input)).digest("base64url");
  return { key, mutation, fingerprint };
}

/** JSON with the members of every object sorted, as in RFC 8785 §3.2.3. */
function canonicalJson(input: unknown): string {
  return JSON.stringify(input ?? null, (_name, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** The outcome of a write that was accepted now or by an earlier use of its key. */
export interface Done<Accepted> {
  readonly value: Accepted;
  readonly isReplay: boolean;
}

/** The stored outcome. Throws Refused if the key was used in another way or its outcome is not known. */
export function replayOf<Accepted>(inUse: KeyInUse): Done<Accepted> {
  switch (inUse.kind) {
    case "replay":
      return { value: JSON.parse(inUse.outcome) as Accepted, isReplay: true };
    case "reused":
      throw new Refused({
        code: "IDEMPOTENCY_KEY_REUSED",
        field: KEY_FIELD,
        message: "This idempotency key was used before, with another input or another mutation.",
      });
    case "in-progress":
      throw new Refused({
        code: "ATTEMPT_IN_PROGRESS",
        field: KEY_FIELD,
        message: "The same idempotency key is under way. Ask again with the same key.",
      });
    case "unknown":
      throw new Refused(unknownOutcome(true, KEY_FIELD));
    default:
      return inUse satisfies never;
  }
}

const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 200;

/** Asks again while another call with the key is running, as long as the operation has time. */
export async function whenSettled<Result extends { readonly kind: string } | null>(
  signal: StopSignal,
  ask: () => Promise<Result>,
): Promise<Result> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const result = await ask();
    if (result?.kind !== "in-progress" || signal.aborted) {
      return result;
    }
    // If the signal aborts, the next round is the last.
    await pause(wait, signal);
  }
}

/** The refusal of a write whose outcome is unknown. */
export function unknownOutcome(hasKey: boolean, field: readonly string[] | null): Refusal {
  const advice = hasKey
    ? "Do not try again with a new key: attempt(idempotencyKey) says what is known."
    : "Look before trying again.";
  const message = `The platform's answer was lost or cannot be read: it may or may not have been carried out. ${advice}`;
  return { code: "OUTCOME_UNKNOWN", field, message };
}
