import { type Refusal, Refused } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

/**
 * Reads a record after an accepted write, to compare it. Null if there is none or it cannot be read: the write was
 * accepted all the same.
 */
export async function readBack<Row>(tools: WriteTools, read: () => Promise<Row | null>): Promise<Row | null> {
  try {
    return await read();
  } catch (error) {
    tools.warn("a write was accepted, and could not be read back", error);
    return null;
  }
}

/** For a change that had no effect; `what` names it: "the name". */
export function notApplied(field: readonly string[], what: string): Refusal {
  return {
    code: "NOT_APPLIED",
    field,
    message: `Textizen accepted the change, but it had no effect: ${what} is as it was.`,
  };
}

/** Throws Refused if there are refusals. */
export function requireApplied(refusals: readonly Refusal[]): void {
  if (refusals.length > 0) {
    throw new Refused(...refusals);
  }
}
