import { type AttemptRecord, isFinal } from "./attempt-record.ts";
import { type OutgoingDetails, writeNews } from "./outgoing-records.ts";
import type { Draft } from "./update.ts";

/** As many as the latest time has. */
const PLACE_DIGITS = 15;

/** One use of a key. */
export interface Attempt {
  readonly key: string;
  readonly mutation: string;
  /** Fingerprint of the normalised input: equal for equal inputs. */
  readonly fingerprint: string;
}

/** Why a key is not free for an attempt. */
export type KeyInUse =
  /** The same mutation and input were accepted before; `outcome` is the call's result as JSON. */
  | { readonly kind: "replay"; readonly outcome: string }
  /** The key was used with another mutation or input, and not refused. */
  | { readonly kind: "reused" }
  /** The same input was tried before, and its outcome is unknown. */
  | { readonly kind: "unknown" }
  /** Another request with this key is running. */
  | { readonly kind: "in-progress" };

/** A row of `attempt`. Times are milliseconds since 1970. */
export interface Row extends Attempt, Pick<AttemptRecord, "state" | "message" | "caller" | "owner"> {
  readonly startedAt: number;
  readonly leaseEndsAt: number;
  readonly settledAt: number | null;
  /** What the call returned, as JSON; until that is known, `outcomeIfConfirmed`. */
  readonly outcome: string;
  /** The text that the attempt sends, until its outcome is final; missing if the server does not know one. */
  readonly outgoing?: OutgoingDetails | undefined;
}

export async function readRow(draft: Draft, key: string): Promise<Row | null> {
  const [row = null] = await draft.read<Row>("attempt", [rowKey(key)]);
  return row;
}

export function revise(draft: Draft, row: Row, changes: Partial<Row>): Row {
  const revised = { ...row, ...changes };
  const isUnknown = revised.state === "UNKNOWN";
  if (isUnknown !== (row.state === "UNKNOWN")) {
    draft.write("unknown-attempt", unknownPlace(row), isUnknown ? 1 : null);
  }
  writeRow(draft, revised);
  return revised;
}

/** Writes the row, and what it says of its text: both in one commit, so that they never differ. */
export function writeRow(draft: Draft, { outgoing, ...row }: Row): void {
  if (outgoing !== undefined) {
    writeNews(draft, outgoing, row);
  }
  draft.write("attempt", rowKey(row.key), isFinal(row.state) ? row : { ...row, outgoing });
}

export function keyInUse(row: Row | null, { mutation, fingerprint }: Attempt): KeyInUse | null {
  if (row === null || row.state === "REFUSED") {
    return null;
  }
  if (row.mutation !== mutation || row.fingerprint !== fingerprint) {
    return { kind: "reused" };
  }
  switch (row.state) {
    case "ACCEPTED":
      return { kind: "replay", outcome: row.outcome };
    case "UNKNOWN":
      return { kind: "unknown" };
    case "IN_PROGRESS":
      return { kind: "in-progress" };
    default:
      return row.state satisfies never;
  }
}

export function toRecord({
  key,
  mutation,
  state,
  startedAt,
  settledAt,
  message,
  caller = "anonymous",
  owner,
}: Row): AttemptRecord {
  return {
    key,
    mutation,
    state,
    startedAt: new Date(startedAt),
    settledAt: settledAt === null ? null : new Date(settledAt),
    message,
    caller,
    owner,
  };
}

/** The key of `unknown-attempt` for an attempt of unknown outcome: the oldest has the first. */
export function unknownPlace({ startedAt, key }: Pick<Row, "startedAt" | "key">): string {
  return `${String(startedAt).padStart(PLACE_DIGITS, "0")} ${rowKey(key)}`;
}

/** The key of `attempt` of the attempt that has this place. */
export function rowKeyAt(place: string): string {
  return place.slice(PLACE_DIGITS + 1);
}

/** As a JSON string: a caller's key may hold NUL and lone surrogates, a store's key may not. */
export function rowKey(key: string): string {
  return JSON.stringify(key);
}
