import type { OutgoingMessageId } from "../ids.ts";
import type { AttemptRecord } from "../store/attempts.ts";
import { type Outcome, Refused, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

export interface SettleAttemptInput {
  readonly attemptKey: string;
  readonly startedAt: Date;
  readonly outcome: keyof typeof STATES;
}

/** A settled attempt, and the text that it sent, which is no longer found by it. */
export interface SettledAttempt extends AttemptRecord {
  readonly outgoingId: OutgoingMessageId | null;
}

const STATES = { SENT: "ACCEPTED", NOT_SENT: "REFUSED" } as const;
const KEY = ["input", "attemptKey"];

/** Settles an attempt of unknown outcome on a person's word. Said again, the same word changes nothing. */
export function settleAttempt(tools: WriteTools, input: SettleAttemptInput): Promise<Outcome<SettledAttempt>> {
  const { attemptKey: key, startedAt, outcome } = input;
  return refusalsAsData(async () => {
    const { attempts, inbox } = tools;
    await inbox.takeNews();
    const before = await attempts.find(key);
    const outgoingId = before && (await inbox.outgoingOf(before.owner));
    const resolution = await attempts.resolve(key, { state: STATES[outcome], by: tools.caller, startedAt });
    if (resolution.kind === "missing") {
      const message = "No attempt with this key began at startedAt: unknownAttempts lists those that can be settled.";
      throw new Refused({ code: "NOT_FOUND", field: KEY, message });
    }
    const { record } = resolution;
    if (record.state === "IN_PROGRESS") {
      const message = "The attempt is still under way: its outcome may come by itself within seconds.";
      throw new Refused({ code: "ATTEMPT_IN_PROGRESS", field: KEY, message });
    }
    if (record.state !== STATES[outcome]) {
      const message = `The attempt is settled already: it was ${record.state === "ACCEPTED" ? "sent" : "not sent"}.`;
      throw new Refused({ code: "ATTEMPT_SETTLED", field: KEY, message });
    }
    if (resolution.kind === "settled") {
      tools.onSettled("settleAttempt", "change", "ACCEPTED");
    }
    await tools.raise([], { isUnknown: false });
    return { value: { ...record, outgoingId } };
  });
}
