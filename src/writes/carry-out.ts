import { PlatformError, StoreError } from "../errors.ts";
import { type WriteKind, WriteScope } from "../rest/calls.ts";
import type { Attempt, AttemptHandle, KeyInUse, Settlement } from "../store/attempts.ts";
import { attemptOf, replayOf, unknownOutcome, whenSettled } from "./idempotency.ts";
import { type Addressee, refuseOptedOut } from "./opt-out.ts";
import { type FieldPaths, refusalsOf } from "./platform-refusal.ts";
import { type Outcome, Refused, refusalsAsData } from "./refusal.ts";
import type { Touched, WriteTools } from "./tools.ts";

/** A write without what it gives. */
type Plan = Pick<Write<unknown>, "mutation" | "kind" | "idempotencyKey" | "input" | "paths" | "touches">;

/** For a write that texts nobody. */
export const nobody = (): readonly Addressee[] => [];

/** What the end of a write takes after the platform's answer: it is recorded, and told. */
const CLOSING_MILLISECONDS = 250;

/** One write, its input checked. `Ready` is what `prepare` gives, where there is one. */
export interface Write<Accepted, Ready = undefined> {
  /** The mutation's name in the graph. */
  readonly mutation: string;
  readonly kind: WriteKind;
  /** The caller's name for the try; null where none was given. */
  readonly idempotencyKey: string | null;
  /** What was asked for, normalised: equal inputs are equal here, in whatever order their members are. JSON. */
  readonly input: unknown;
  /** Where each wire property came from, so that a refusal can name the argument. */
  readonly paths: FieldPaths;
  readonly touches: readonly Touched[];
  /**
   * What must be read before the call, and may refuse it (Refused): done while the key is free, before the attempt is
   * recorded, and not at all for a replay.
   */
  readonly prepare?: () => Promise<Ready>;
  /**
   * Makes the platform call, and nothing else; for `scope`, which ends with the write's right to call. What it gives is
   * JSON: a replay gives the same again.
   */
  readonly call: (scope: WriteScope, ready: Ready) => Promise<Accepted>;
  /** Whom the write texts. Each is looked up right before every attempt, and the attempt is not made if one opted out. */
  readonly texts: (ready: Ready) => readonly Addressee[];
  /** The platform's sentence in what was accepted, kept for `attempt`. */
  readonly messageOf?: (accepted: Accepted) => string | null;
  /**
   * As much of what `call` gives as is known beforehand: what a replay gives where a person, not the platform's answer,
   * said that it was accepted. Left out: null.
   */
  readonly presume?: (ready: Ready) => Accepted;
}

/**
 * Carries out a checked write: recorded before its first byte where it has a key, called, settled, and everything
 * dropped that it made stale. Refusals come back as data; what no other input can mend is thrown.
 */
export async function carryOut<Accepted, Ready = undefined>(
  tools: WriteTools,
  write: Write<Accepted, Ready>,
): Promise<Outcome<Accepted>> {
  return await refusalsAsData(async () => {
    const attempt = attemptOf(write);
    const earlier = attempt !== null && write.prepare !== undefined ? await keyInUse(tools, attempt) : null;
    if (earlier !== null) {
      return replayOf<Accepted>(earlier);
    }
    const ready = (await write.prepare?.()) as Ready;
    const call = (handle: AttemptHandle | null) => {
      const numbers = write.texts(ready);
      const scope = scopeOf(tools, write.kind, handle, () => refuseOptedOut(tools, numbers));
      return callAndSettle(tools, write, () => write.call(scope, ready), handle);
    };
    if (attempt === null) {
      return { value: await call(null) };
    }
    await tools.reach?.("before-record");
    const presumed = JSON.stringify(write.presume?.(ready) ?? null);
    const begun = await claim(tools, attempt, presumed);
    if (begun.kind !== "started") {
      return replayOf<Accepted>(begun);
    }
    await tools.reach?.("recorded");
    return { value: await call(begun.handle) };
  });
}

function keyInUse({ attempts, scope }: WriteTools, attempt: Attempt): Promise<KeyInUse | null> {
  return whenSettled(scope.signal, () => attempts.look(attempt));
}

function claim({ attempts, scope, leaseMilliseconds }: WriteTools, attempt: Attempt, presumed: string) {
  return whenSettled(scope.signal, () => attempts.begin({ ...attempt, leaseMilliseconds, presumed }));
}

async function callAndSettle<Accepted>(
  tools: WriteTools,
  write: Plan & Pick<Write<Accepted>, "messageOf">,
  call: () => Promise<Accepted>,
  handle: AttemptHandle | null,
): Promise<Accepted> {
  const settle = async (settlement: Settlement): Promise<void> => {
    if (handle !== null) {
      // The platform has answered: what it said is the truth, whether or not it can be written down. An attempt that
      // could not be settled is found unknown when its lease has passed.
      await tools.attempts
        .settle(handle, settlement)
        .catch((error: unknown) => tools.warn("an attempt could not be settled", error));
    }
  };
  let accepted: Accepted;
  let settlement: Settlement;
  try {
    accepted = await callFresh(tools, write, call);
    const message = write.messageOf?.(accepted) ?? null;
    settlement = { state: "ACCEPTED", message, outcome: JSON.stringify(accepted ?? null) };
  } catch (error) {
    const failure = failureOf(write, error, handle !== null);
    await settle(failure.settlement);
    throw failure.error;
  }
  await tools.reach?.("answered");
  await settle(settlement);
  await tools.reach?.("settled");
  return accepted;
}

/**
 * Limits a write's calls: each must finish before the lease ends (after that a person may free the key) and before the
 * operation's deadline (so that the client still hears the outcome).
 */
function scopeOf(
  { scope, attempts }: WriteTools,
  kind: WriteKind,
  handle: AttemptHandle | null,
  checkBeforeAttempt: () => Promise<void>,
): WriteScope {
  return new WriteScope({
    kind,
    signal: scope.signal,
    deadline: () => scope.deadline - CLOSING_MILLISECONDS,
    leaseLeft: () => (handle === null ? Number.POSITIVE_INFINITY : attempts.leaseLeft(handle) - CLOSING_MILLISECONDS),
    checkBeforeAttempt,
    record: scope.record,
  });
}

/** What a failed call means for its key, and for whoever asked for it. */
function failureOf(
  { kind, paths }: Plan,
  error: unknown,
  hasKey: boolean,
): { readonly settlement: Settlement; readonly error: unknown } {
  if (error instanceof PlatformError && !error.mayHaveTaken) {
    const isRefused = error.reason === "refused";
    const shown = isRefused ? new Refused(...refusalsOf(error, paths)) : error;
    return { settlement: { state: "REFUSED", message: error.platformMessage }, error: shown };
  }
  if (isForbidden(error)) {
    return { settlement: { state: "REFUSED", message: null }, error };
  }
  const unknown = unknownOutcome(hasKey, null);
  const shown = error instanceof PlatformError && kind !== "change" ? new Refused(unknown) : error;
  return { settlement: { state: "UNKNOWN", message: unknown.message }, error: shown };
}

/** The call, with everything dropped that it makes stale: before its first byte, and when it has ended, however it did. */
async function callFresh<Accepted>(tools: WriteTools, write: Plan, call: () => Promise<Accepted>): Promise<Accepted> {
  tools.touch(write.touches);
  try {
    return await callWithRepeat(write.kind, call);
  } finally {
    tools.touch(write.touches);
  }
}

async function callWithRepeat<Accepted>(kind: WriteKind, call: () => Promise<Accepted>): Promise<Accepted> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof PlatformError) || !mayRepeat(kind, error)) {
      throw error;
    }
    try {
      return await call();
    } catch (again) {
      if (isForbidden(again)) {
        throw error.mayHaveTaken ? error : again;
      }
      if (!(again instanceof PlatformError) || again.mayHaveTaken || !error.mayHaveTaken) {
        throw again;
      }
      // The first try may have done it. A platform may refuse to do it twice: its "no" proves nothing then, and neither
      // does a second try that was never made.
      throw again.reason === "refused" ? new Refused(unknownOutcome(false, null)) : error;
    }
  }
}

/** True of what only `checkBeforeAttempt` throws: the attempt was not made. */
function isForbidden(error: unknown): boolean {
  return error instanceof Refused || error instanceof StoreError;
}

function mayRepeat(kind: WriteKind, { reason, status, mayHaveTaken }: PlatformError): boolean {
  if (kind === "change") {
    return status === null && (reason === "unreachable" || reason === "timeout");
  }
  return reason === "unreachable" && !mayHaveTaken;
}
