import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../errors.ts";
import type { PidjClient } from "../pidj/client.ts";
import type { CallScope } from "../rest/calls.ts";
import type { AttemptHandle, Attempts, Begun } from "../store/attempts.ts";
import type { ContactDirectory } from "../store/contacts.ts";
import type { TextizenClient } from "../textizen/client.ts";
import { type FieldPaths, refusalsOf } from "./platform-refusal.ts";
import { type Refusal, Refused } from "./refusal.ts";

/** The kept lists that a write may make stale. */
export type Touched = "contacts" | "participants" | "textizenGroups" | "campaigns" | "polls";

/** The places of a send at which a crash makes a difference. */
export type SendPoint = "before-record" | "recorded" | "answered" | "settled";

/** What every write of one operation works with. */
export interface WriteTools {
  readonly pidj: PidjClient;
  readonly textizen: TextizenClient;
  readonly directory: ContactDirectory;
  readonly attempts: Attempts;
  readonly scope: CallScope;
  readonly now: () => Date;
  /** For how long one write may be under way, retries included, in milliseconds. */
  readonly leaseMilliseconds: number;
  /** Forgets what this operation has read, and the kept lists named. */
  readonly touch: (lists: readonly Touched[]) => void;
  /** Told of what went wrong behind a write that itself was accepted. */
  readonly warn: (message: string, error: unknown) => void;
  /** Waits at a named point; for tests of crashes. */
  readonly reach?: ((point: SendPoint) => Promise<void>) | undefined;
}

/** What became of a write: a value, or why there is none. */
export interface Outcome<Value> {
  readonly value: Value | null;
  /** True where an earlier use of the key had been accepted, and nothing was sent now. */
  readonly isReplay: boolean;
  readonly userErrors: readonly Refusal[];
}

/** One write, its input checked. */
export interface Write<Accepted> {
  /** The mutation's name in the graph. */
  readonly mutation: string;
  /**
   * `send` and `creation`: doing it twice is doing it twice, so it is never repeated without proof that it was not
   * taken. `change`: doing it again changes nothing more, so it is repeated once after a network error.
   */
  readonly kind: "send" | "creation" | "change";
  /** The caller's name for the try; null where none was given. */
  readonly idempotencyKey: string | null;
  /** What was asked for, normalised: equal inputs are equal here. JSON. */
  readonly input: unknown;
  /** Where each wire property came from, so that a refusal can name the argument. */
  readonly paths: FieldPaths;
  readonly touches: readonly Touched[];
  /** Makes the platform call. What it gives is JSON: a replay gives the same again. */
  readonly call: () => Promise<Accepted>;
  /** The platform's sentence in what was accepted, kept for `attempt`. */
  readonly messageOf?: (accepted: Accepted) => string | null;
}

/**
 * Carries out a checked write: recorded before its first byte where it has a key, called, settled, and everything
 * dropped that it made stale. Refusals come back as data; what no other input can mend is thrown.
 */
export async function carryOut<Accepted>(tools: WriteTools, write: Write<Accepted>): Promise<Outcome<Accepted>> {
  return await refusalsAsData(async () => {
    const handle = await claim(tools, write);
    if (handle !== null && "replay" in handle) {
      return { value: JSON.parse(handle.replay) as Accepted, isReplay: true };
    }
    return { value: await callAndSettle(tools, write, handle), isReplay: false };
  });
}

/** Runs a write's checks and the write itself; whatever refuses it becomes `userErrors`. */
export async function refusalsAsData<Value>(
  run: () => Promise<{ readonly value: Value; readonly isReplay?: boolean; readonly userErrors?: readonly Refusal[] }>,
): Promise<Outcome<Value>> {
  try {
    const { value, isReplay = false, userErrors = [] } = await run();
    return { value: userErrors.length === 0 ? value : null, isReplay, userErrors };
  } catch (error) {
    if (error instanceof Refused) {
      return { value: null, isReplay: false, userErrors: error.refusals };
    }
    throw error;
  }
}

/** Null: there is no key. A replay: the key's stored outcome. Throws Refused where the key stands in the way. */
async function claim<Accepted>(
  tools: WriteTools,
  write: Write<Accepted>,
): Promise<AttemptHandle | { readonly replay: string } | null> {
  const key = write.idempotencyKey;
  if (key === null) {
    return null;
  }
  await tools.reach?.("before-record");
  const fingerprint = createHash("sha256").update(JSON.stringify(write.input)).digest("base64url");
  const begun = await beginWhenFree(tools, { key, mutation: write.mutation, fingerprint });
  const field = ["input", "idempotencyKey"];
  switch (begun.kind) {
    case "started":
      await tools.reach?.("recorded");
      return begun.handle;
    case "replay":
      return { replay: begun.record.outcome ?? "null" };
    case "reused":
      throw new Refused({
        code: "IDEMPOTENCY_KEY_REUSED",
        field,
        message: "This idempotency key was used before, with another input or another mutation.",
      });
    case "in-progress":
      throw new Refused({
        code: "ATTEMPT_IN_PROGRESS",
        field,
        message: "The same idempotency key is under way. Ask again with the same key.",
      });
    case "unknown":
      throw new Refused(unknownOutcome(field));
    default:
      return begun satisfies never;
  }
}

const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 200;

/** Waits while somebody else is at the key, as long as the operation has time. */
async function beginWhenFree(
  tools: WriteTools,
  attempt: { readonly key: string; readonly mutation: string; readonly fingerprint: string },
): Promise<Begun> {
  const { attempts, scope, leaseMilliseconds } = tools;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const begun = await attempts.begin({ ...attempt, leaseMilliseconds });
    if (begun.kind !== "in-progress" || scope.signal.aborted) {
      return begun;
    }
    await sleep(wait, undefined, { signal: scope.signal }).catch(() => undefined);
  }
}

async function callAndSettle<Accepted>(
  tools: WriteTools,
  write: Write<Accepted>,
  handle: AttemptHandle | null,
): Promise<Accepted> {
  const settle = async (
    state: "ACCEPTED" | "REFUSED" | "UNKNOWN",
    message: string | null,
    outcome: string | null = null,
  ): Promise<void> => {
    if (handle !== null) {
      // The platform has answered: what it said is the truth, whether or not it can be written down. An attempt that
      // could not be settled is found unknown when its lease has passed.
      await tools.attempts
        .settle(handle, { state, message, outcome })
        .catch((error: unknown) => tools.warn("an attempt could not be settled", error));
    }
  };
  try {
    const accepted = await callFresh(tools, write);
    await tools.reach?.("answered");
    await settle("ACCEPTED", write.messageOf?.(accepted) ?? null, JSON.stringify(accepted ?? null));
    await tools.reach?.("settled");
    return accepted;
  } catch (error) {
    if (error instanceof PlatformError && !error.mayHaveTaken) {
      await settle("REFUSED", error.platformMessage);
      throw error.reason === "refused" ? new Refused(...refusalsOf(error, write.paths)) : error;
    }
    if (error instanceof Refused) {
      await settle("UNKNOWN", error.refusals[0]?.message ?? null);
      throw error;
    }
    if (write.kind !== "change" || !(error instanceof PlatformError)) {
      const refusal = unknownOutcome(null);
      await settle("UNKNOWN", refusal.message);
      if (error instanceof PlatformError) {
        throw new Refused(refusal);
      }
    }
    throw error;
  }
}

/** The call, with everything dropped that it makes stale: before its first byte, and when it has ended, however it did. */
async function callFresh<Accepted>(tools: WriteTools, write: Write<Accepted>): Promise<Accepted> {
  tools.touch(write.touches);
  try {
    return await callWithRepeat(write);
  } finally {
    tools.touch(write.touches);
  }
}

async function callWithRepeat<Accepted>(write: Write<Accepted>): Promise<Accepted> {
  try {
    return await write.call();
  } catch (error) {
    if (!(error instanceof PlatformError) || !mayRepeat(write, error)) {
      throw error;
    }
    try {
      return await write.call();
    } catch (again) {
      // The first try may have done it, and a platform may refuse to do it twice: its "no" proves nothing then.
      const provesNothing = again instanceof PlatformError && again.reason === "refused" && error.mayHaveTaken;
      throw provesNothing ? new Refused(unknownOutcome(null)) : again;
    }
  }
}

function mayRepeat(write: Pick<Write<unknown>, "kind">, error: PlatformError): boolean {
  const isNetwork = error.reason === "unreachable" || error.reason === "timeout";
  return (
    isNetwork &&
    (write.kind === "change" ? error.status === null : !error.mayHaveTaken && error.reason === "unreachable")
  );
}

function unknownOutcome(field: readonly string[] | null): Refusal {
  return {
    code: "OUTCOME_UNKNOWN",
    field,
    message:
      "The platform's answer was lost: it may or may not have been carried out. Do not try again with a new key; ask attempt.",
  };
}
