/** The platforms, by the names that clients see (`MessagingPlatform`). */
export type Platform = "PIDJ" | "TEXTIZEN";

/**
 * Why a platform call failed. src/operations/failures.ts has an error code for each reason.
 *
 * - `timeout`: no complete answer within the call's time
 * - `not-asked`: too little time was left for an answer, or no connection was free in time; nothing was sent
 * - `unreachable`: no connection, a cut connection, or a 5xx answer
 * - `shape`: an answer that cannot be read (not JSON, wrong shape, too large, a redirect)
 * - `refused`: the platform refused the call
 * - `unauthorized`: the platform does not accept our credentials
 * - `rate-limited`: the platform asks to wait (429)
 * - `not-configured`: this process has no credentials for the platform
 * - `suspended`: the platform failed so often that no calls are made for a while; nothing was sent
 * - `overloaded`: too many calls of this process are running; nothing was sent
 * - `cancelled`: nobody waits for the answer any more
 */
export type PlatformErrorReason =
  | "timeout"
  | "not-asked"
  | "unreachable"
  | "shape"
  | "refused"
  | "unauthorized"
  | "rate-limited"
  | "not-configured"
  | "suspended"
  | "overloaded"
  | "cancelled";

export interface PlatformErrorDetails {
  /** HTTP status of the answer, if there was one. */
  readonly status?: number | null;
  /** Seconds after which the platform may be asked again, by its own word. */
  readonly retryAfterSeconds?: number | null;
  /**
   * The platform's own sentence, cleaned and shortened by its client. No other text of a platform may reach a client of
   * the graph.
   */
  readonly platformMessage?: string | null;
  /** The platform's sentences by property (the map of a Rails 422), cleaned and shortened like `platformMessage`. */
  readonly fieldMessages?: Readonly<Record<string, string>>;
  /** False only if it is proven that the platform did not act: no byte was sent, or the answer says so. */
  readonly mayHaveTaken?: boolean;
  readonly cause?: unknown;
}

/**
 * A platform call that failed, or a field of a record that cannot be read. `message` is for logs: it contains no
 * credential, number or text of a person, and is never sent to a client.
 */
export class PlatformError extends Error {
  override readonly name = "PlatformError";
  readonly platform: Platform;
  readonly reason: PlatformErrorReason;
  readonly status: number | null;
  readonly retryAfterSeconds: number | null;
  readonly platformMessage: string | null;
  readonly fieldMessages: Readonly<Record<string, string>>;
  readonly mayHaveTaken: boolean;

  constructor(platform: Platform, reason: PlatformErrorReason, message: string, details: PlatformErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.platform = platform;
    this.reason = reason;
    this.status = details.status ?? null;
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
    this.platformMessage = details.platformMessage ?? null;
    this.fieldMessages = details.fieldMessages ?? {};
    this.mayHaveTaken = details.mayHaveTaken ?? true;
  }

  /** The same failure with these changes. */
  with(changes: Partial<Pick<PlatformError, "reason" | "message" | "mayHaveTaken">>): PlatformError {
    const { reason = this.reason, message = this.message } = changes;
    return new PlatformError(this.platform, reason, message, { ...this, cause: this.cause, ...changes });
  }
}

export const PLATFORM_NAMES: Readonly<Record<Platform, string>> = { PIDJ: "Pidj", TEXTIZEN: "Textizen" };

const WHAT_PLATFORM_DID: Readonly<Record<PlatformErrorReason, string>> = {
  timeout: "did not answer in time.",
  "not-asked": "was not asked: too little time was left to hear its answer.",
  cancelled: "was not asked to the end: the request was over before.",
  unreachable: "could not be reached.",
  shape: "gave an answer that cannot be read.",
  refused: "refused the request.",
  unauthorized: "does not accept this server's credentials.",
  "rate-limited": "asks to wait before the next request.",
  suspended: "keeps failing, and is not asked for a few seconds.",
  overloaded: "was not asked: too many calls are under way.",
  "not-configured": "is not set up on this server: it has no credentials for it.",
};

/** Why a platform call failed, in one sentence for clients. */
export function describeFailure({ platform, reason }: PlatformError): string {
  return `${PLATFORM_NAMES[platform]} ${WHAT_PLATFORM_DID[reason]}`;
}

/**
 * Why a check of our credentials failed, in one sentence. An answer that is not the platform's own is most often that of
 * another server at a wrong address.
 */
export function explainCheck(error: PlatformError): string {
  const { platform, reason, status, platformMessage } = error;
  const isForeign = reason === "shape" && status !== null;
  const foreign = `${PLATFORM_NAMES[platform]} gave an answer that cannot be read (HTTP ${status}): check ${platform}_BASE_URL.`;
  return platformMessage ?? (isForeign ? foreign : describeFailure(error));
}

/** An argument that is malformed or out of range. `message` names the argument and says what was expected. */
export class InputError extends Error {
  override readonly name = "InputError";
  /** Path to the argument, with list indexes. */
  readonly argument: readonly string[];

  /** `argument`: the path with dots, `filter.name`. */
  constructor(argument: string, message: string) {
    super(message);
    this.argument = argument.split(".");
  }
}

/** The caller may not read this field; `needed` names the scopes that would be enough. */
export class ForbiddenError extends Error {
  override readonly name = "ForbiddenError";
  readonly needed: string;

  constructor(needed: string) {
    super(`needs ${needed}`);
    this.needed = needed;
  }
}

/** An operation that was stopped because it exceeded its limits (`size`), or because its time is over (`time`). */
export class TooCostlyError extends Error {
  override readonly name = "TooCostlyError";
  readonly what: "size" | "time";

  constructor(what: TooCostlyError["what"]) {
    super(`the operation's ${what} is over its limit`);
    this.what = what;
  }
}

/** A caller has exceeded its limit; `what` names what is counted. */
export class RateLimitedError extends Error {
  override readonly name = "RateLimitedError";
  readonly retryAfterSeconds: number;
  readonly what: string;

  constructor(what: string, retryAfterSeconds: number) {
    super(`rate limited: ${what}`);
    this.what = what;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The store could not be read or written. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/**
 * A subscription that cannot continue: events after its cursor are no longer kept (`expired`), or it has too many
 * unread events (`too-slow`).
 */
export class CursorError extends Error {
  override readonly name = "CursorError";
  readonly reason: "expired" | "too-slow";

  constructor(reason: CursorError["reason"]) {
    super(`subscription ended: ${reason}`);
    this.reason = reason;
  }
}

/** A record's value; null if the platform has none, or the error that replaces a value that cannot be read. */
export type Field<Value> = Value | null | PlatformError;

/** The value; null if there is none or it cannot be read. */
export function valueOrNull<Value>(field: Field<Value> | undefined): Value | null {
  return field instanceof PlatformError ? null : (field ?? null);
}

/** The value; null if there is none. Throws the error of a value that cannot be read. */
export function valueOrThrow<Value>(field: Field<Value> | undefined): Value | null {
  if (field instanceof PlatformError) {
    throw field;
  }
  return field ?? null;
}
