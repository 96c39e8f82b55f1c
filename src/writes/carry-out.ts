import { describeFailure, PlatformError, StoreError } from "../errors.ts";
import type { Changed } from "../freshness/versions.ts";
import { ReadScope, type WriteKind, WriteScope } from "../rest/calls.ts";
import type { AttemptHandle, KeyInUse, Settlement } from "../store/attempts.ts";
import type { OutgoingDetails } from "../store/outgoing-records.ts";
import { attemptOf, type Done, replayOf, unknownOutcome, whenSettled } from "./idempotency.ts";
import { type RecipientNumber, refuseOptedOut } from "./opt-out.ts";
import { type FieldPaths, refusalsOf } from "./platform-refusal.ts";
import { Refused } from "./refusal.ts";
import { targetsIn } from "./targets.ts";
import type { WriteTools } from "./tools.ts";

/** For a write that texts nobody. */
export const nobody = (): readonly RecipientNumber[] => [];

/** Time that a write's calls leave for recording the outcome and for the answer. */
const CLOSING_MILLISECONDS = 250;

/** At most this much time is kept back too if a read can verify the write: its answer may be lost by a timeout. */
const VERIFYING_MILLISECONDS = 2_000;

/** One write, its input checked. `Prepared` is what `prepare` returns, if there is one. */
export interface Write<Accepted, Prepared = undefined> {
  /** The mutation's name in the graph. */
  readonly mutation: string;
  readonly kind: WriteKind;
  /** The idempotency key; null if none was given. */
  readonly idempotencyKey: string | null;
  /** The normalised input as JSON: equal inputs are equal here, whatever the order of their members. */
  readonly input: unknown;
  /** The argument of each property on the wire, so that a refusal can name the argument. */
  readonly paths: FieldPaths;
  /** The versions that the write raises: those of the lists that it changes, else that of its platform. */
  readonly changes: readonly Changed[];
  /**
   * Reads what the call needs, and may throw Refused. Runs while the key is free, before the attempt is recorded, and
   * not at all for a replay.
   */
  readonly prepare?: () => Promise<Prepared>;
  /**
   * The numbers that the write texts. They are checked right before every attempt, and nothing is sent if one opted
   * out.
   */
  readonly texts: (prepared: Prepared) => readonly RecipientNumber[];
  /** Makes the platform call, and nothing else. Its result is JSON, and a replay returns the same again. */
  readonly call: (scope: WriteScope, prepared: Prepared) => Promise<Accepted>;
  /**
   * Called if the call's outcome is unknown: reads once what it should have changed. Null if the change cannot be seen.
   */
  readonly verify?: (scope: ReadScope, prepared: Prepared) => Promise<{ readonly value: Accepted } | null>;
  /** True if the platform answered with a success that did nothing: the key is free again. */
  readonly didNothing?: (accepted: Accepted) => boolean;
  /** Lets the directory learn from the answer; runs when the attempt is settled. */
  readonly learn?: (accepted: Accepted) => Promise<void>;
  /** The platform's sentence in its answer, kept for `attempt`. */
  readonly messageOf?: (accepted: Accepted) => string | null;
  /** The text that the call sends, if the server knows it: kept with the attempt. */
  readonly outgoing?: (prepared: Prepared) => OutgoingDetails;
  /**
   * What a replay returns if a person, and not the platform's answer, settled the attempt as accepted: as much of the
   * call's result as is known before the call. Default: null.
   */
  readonly resultIfConfirmed?: (prepared: Prepared) => Accepted;
}

/**
 * Carries out a checked write: records the attempt if it has a key, calls, settles the attempt, and lets the directory
 * learn. The versions of what it changes are raised before the first byte and as the last act. Throws Refused for
 * errors that another input can correct, and PlatformError or StoreError for all others.
 */
export async function carryOut<Accepted, Prepared = undefined>(
  tools: WriteTools,
  write: Write<Accepted, Prepared>,
): Promise<Done<Accepted>> {
  const { attempts, leaseMilliseconds, scope } = tools;
  const attempt = attemptOf(write, tools.jobId);
  if (attempt !== null && (write.prepare !== undefined || write.kind === "send")) {
    const earlier = await whenSettled(scope.signal, () => attempts.look(attempt));
    if (earlier !== null) {
      return replay(tools, write, earlier);
    }
  }
  const prepared = (await write.prepare?.()) as Prepared;
  if (write.kind === "send") {
    // A group counts as one: only the platform knows its members.
    await tools.takeRecipients(Math.max(1, write.texts(prepared).length));
  }
  if (attempt === null) {
    return callAndSettle(tools, write, prepared, null);
  }
  await tools.pauseAt?.("before-record");
  const outcomeIfConfirmed = JSON.stringify(write.resultIfConfirmed?.(prepared) ?? null);
  const outgoing = write.outgoing?.(prepared);
  const begun = await whenSettled(scope.signal, () =>
    attempts.begin({ ...attempt, caller: tools.caller, leaseMilliseconds, outcomeIfConfirmed, outgoing }),
  );
  if (begun.kind !== "started") {
    return replay(tools, write, begun);
  }
  await tools.pauseAt?.("recorded");
  return callAndSettle(tools, write, prepared, begun.handle);
}

/** The stored outcome. If it is unknown, the client will look at the platform next, so no kept list is served. */
async function replay<Accepted, Prepared>(
  tools: WriteTools,
  write: Write<Accepted, Prepared>,
  inUse: KeyInUse,
): Promise<Done<Accepted>> {
  if (inUse.kind === "unknown") {
    await tools.raise(write.changes, { isUnknown: true });
  }
  return replayOf<Accepted>(inUse);
}

async function callAndSettle<Accepted, Prepared>(
  tools: WriteTools,
  write: Write<Accepted, Prepared>,
  prepared: Prepared,
  handle: AttemptHandle | null,
): Promise<Done<Accepted>> {
  const settle = (settlement: Settlement) => settleAttempt(tools, write, prepared, handle, settlement);
  let isUnknown = false;
  await tools.raise(write.changes, { isUnknown });
  try {
    const value = await callAndVerify(tools, write, prepared, handle);
    await tools.pauseAt?.("answered");
    await settle(settlementOf(write, value));
    await tools.pauseAt?.("settled");
    await write
      .learn?.(value)
      .catch((error: unknown) => tools.warn("the directory did not learn what was written", error));
    return { value, isReplay: false };
  } catch (error) {
    const failure = failureOf(write, error, handle !== null);
    isUnknown = failure.settlement.state === "UNKNOWN";
    await settle(failure.settlement);
    throw failure.error;
  } finally {
    await tools.raise(write.changes, { isUnknown });
  }
}

/** The call's result; if the outcome is unknown, what a read shows of it. Throws the call's error otherwise. */
async function callAndVerify<Accepted, Prepared>(
  tools: WriteTools,
  write: Write<Accepted, Prepared>,
  prepared: Prepared,
  handle: AttemptHandle | null,
): Promise<Accepted> {
  try {
    return await write.call(scopeOf(tools, write, prepared, handle), prepared);
  } catch (error) {
    if (write.verify === undefined || !(error instanceof PlatformError) || !error.mayHaveTaken) {
      throw error;
    }
    const scope = new ReadScope({
      signal: tools.scope.signal,
      deadline: () => tools.scope.deadline - CLOSING_MILLISECONDS,
      isFresh: true,
      record: tools.scope.record,
    });
    const verified = await write.verify(scope, prepared).catch((failure: unknown) => {
      tools.warn("a write's outcome is unknown, and what it was to change could not be read", failure);
      return null;
    });
    if (verified === null) {
      throw error;
    }
    return verified.value;
  }
}

/** Records the outcome, and who caused it in the audit log. An accepted write never waits for the log alone. */
async function settleAttempt<Accepted, Prepared>(
  { attempts, audit, caller, onSettled, warn }: WriteTools,
  { mutation, kind, idempotencyKey, input, texts }: Write<Accepted, Prepared>,
  prepared: Prepared,
  handle: AttemptHandle | null,
  settlement: Settlement,
): Promise<void> {
  const { state: outcome } = settlement;
  onSettled(mutation, kind, outcome);
  const targets = [...texts(prepared).map(({ number }) => number), ...targetsIn(input)];
  const entry = { caller, mutation, outcome, idempotencyKey, targets };
  if (handle === null) {
    audit.append(entry);
    return;
  }
  try {
    const setByPerson = await attempts.settle(handle, settlement, (draft) => audit.draft(draft, entry));
    if (setByPerson !== null) {
      const difference = `${mutation}: set to ${setByPerson}, and the platform's answer came as ${settlement.state}`;
      warn(`a person settled an attempt otherwise than the platform: ${difference}`, null);
    }
  } catch (error) {
    // The platform's answer counts even if it cannot be recorded. An attempt without a recorded outcome becomes UNKNOWN
    // when its lease has ended.
    warn("an attempt could not be settled", error);
  }
}

/**
 * Limits a write's calls: each must finish before the lease ends (after that a person may free the key) and before the
 * operation's deadline (so that the client still hears the outcome).
 */
function scopeOf<Accepted, Prepared>(
  tools: WriteTools,
  { kind, texts, verify }: Write<Accepted, Prepared>,
  prepared: Prepared,
  handle: AttemptHandle | null,
): WriteScope {
  const { scope, attempts } = tools;
  const numbers = texts(prepared);
  const verifying = verify === undefined ? 0 : Math.min(VERIFYING_MILLISECONDS, scope.timeLeft() / 4);
  return new WriteScope({
    kind,
    signal: scope.signal,
    deadline: () => scope.deadline - CLOSING_MILLISECONDS - verifying,
    leaseLeft: () => (handle === null ? Number.POSITIVE_INFINITY : attempts.leaseLeft(handle) - CLOSING_MILLISECONDS),
    checkBeforeAttempt: () => refuseOptedOut(tools, numbers),
    record: scope.record,
  });
}

function settlementOf<Accepted>(
  { messageOf, didNothing }: Pick<Write<Accepted>, "messageOf" | "didNothing">,
  accepted: Accepted,
): Settlement {
  const message = messageOf?.(accepted) ?? null;
  return didNothing?.(accepted)
    ? { state: "REFUSED", message }
    : { state: "ACCEPTED", message, outcome: JSON.stringify(accepted ?? null) };
}

/** What a failed call means for its key and for the client. */
function failureOf(
  { kind, paths }: Pick<Write<never>, "kind" | "paths">,
  error: unknown,
  hasKey: boolean,
): { readonly settlement: Settlement; readonly error: unknown } {
  if (error instanceof PlatformError && !error.mayHaveTaken) {
    const isRefused = error.reason === "refused";
    const shown = isRefused ? new Refused(...refusalsOf(error, paths)) : error;
    const message = error.platformMessage ?? describeFailure(error);
    return { settlement: { state: "REFUSED", message }, error: shown };
  }
  if (isForbidden(error)) {
    return { settlement: { state: "REFUSED", message: null }, error };
  }
  const unknown = unknownOutcome(hasKey, null);
  // The change may have been refused because its first attempt was carried out.
  const isTold = error instanceof PlatformError && (kind !== "change" || error.reason === "refused");
  const shown = isTold ? new Refused(unknown) : error;
  return { settlement: { state: "UNKNOWN", message: unknown.message }, error: shown };
}

/** True for errors that only `checkBeforeAttempt` throws: the attempt was not made. */
function isForbidden(error: unknown): boolean {
  return error instanceof Refused || error instanceof StoreError;
}
