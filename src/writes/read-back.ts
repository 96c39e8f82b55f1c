import { type Refusal, Refused } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

/**
 * What an accepted write left behind, to see whether it took effect. Null where there is nothing or it cannot be read:
 * the write was accepted all the same.
 */
export async function readBack<Row>(tools: WriteTools, read: () => Promise<Row | null>): Promise<Row | null> {
  try {
    return await read();
  } catch (error) {
    tools.warn("a write was accepted, and could not be read back", error);
    return null;
  }
}

/** `what` begins a sentence: "The name". */
export function notApplied(field: readonly string[], what: string): Refusal {
  return { code: "NOT_APPLIED", field, message: `Textizen said yes. ${what} did not change all the same.` };
}

/** Throws Refused where something was asked for and is not so. */
export function needApplied(refusals: readonly Refusal[]): void {
  if (refusals.length > 0) {
    throw new Refused(...refusals);
  }
}
