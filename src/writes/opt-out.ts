import type { E164 } from "../phone.ts";
import { type Outcome, refusalsAsData, type WriteTools } from "./carry-out.ts";
import { Checks } from "./checks.ts";
import { type Refusal, Refused } from "./refusal.ts";

export interface SetOptOutInput {
  readonly phoneNumber: E164;
  readonly isOptedOut: boolean;
  readonly reason: string;
}

/** Kept here alone: no platform is told. Gives the number. */
export function setOptOut(tools: WriteTools, input: SetOptOutInput): Promise<Outcome<E164>> {
  return refusalsAsData(async () => {
    const { phoneNumber, isOptedOut } = input;
    const checks = new Checks();
    const reason = checks.text(["input", "reason"], input.reason, { most: 1_000 });
    checks.done();
    await tools.optOuts.set(phoneNumber, { isOptedOut, source: "WRITTEN", reason });
    // What this operation has read of people is out of date.
    tools.touch([]);
    return { value: phoneNumber };
  });
}

/**
 * Throws Refused where one of the numbers asked not to be texted, naming each. Asked right before a send is recorded and
 * made; a replay of one that went out earlier is not asked.
 */
export async function refuseOptedOut(
  { optOuts }: WriteTools,
  numbers: readonly { readonly number: E164; readonly field: readonly string[] }[],
): Promise<void> {
  const states = await optOuts.states(numbers.map(({ number }) => number));
  const refusals = numbers.flatMap(({ field }, at): Refusal[] =>
    states[at] ? [{ code: "RECIPIENT_OPTED_OUT", field, message: "This person asked not to be texted." }] : [],
  );
  if (refusals.length > 0) {
    throw new Refused(...refusals);
  }
}
