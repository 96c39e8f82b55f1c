import type { Platform, PlatformError, PlatformErrorReason } from "../errors.ts";

/** Failures of one call that came one after the other and were alike. */
export interface LoggedFailure {
  readonly platform: Platform;
  /** Method and template, as the platform's document writes it: no id, number or text of anybody. */
  readonly route: string;
  readonly reason: Exclude<PlatformErrorReason, "cancelled" | "not-configured">;
  /** HTTP status; null if there was no answer. */
  readonly status: number | null;
  readonly firstAt: Date;
  readonly latestAt: Date;
  readonly count: number;
}

const MOST = 100;

/**
 * The latest failures of this process's platform calls, in memory. A failure that is like the one before it of the same
 * call is counted on that one: a platform that is down for an hour does not push everything else out.
 */
export class FailureLog {
  readonly #now: () => Date;
  /** The latest last. */
  readonly #failures: LoggedFailure[] = [];

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** What nobody waits for any more, and what is not set up, did not fail. */
  add(route: string, { platform, reason, status }: PlatformError): void {
    if (reason === "cancelled" || reason === "not-configured") {
      return;
    }
    const latestAt = this.#now();
    const at = this.#failures.findLastIndex((each) => each.platform === platform && each.route === route);
    const before = this.#failures[at];
    const isAlike = before?.reason === reason && before.status === status;
    if (isAlike) {
      this.#failures.splice(at, 1);
    } else if (this.#failures.length === MOST) {
      this.#failures.shift();
    }
    const { firstAt, count } = isAlike ? before : { firstAt: latestAt, count: 0 };
    this.#failures.push({ platform, route, reason, status, firstAt, latestAt, count: count + 1 });
  }

  /** The latest first. */
  list(): LoggedFailure[] {
    return this.#failures.toReversed();
  }
}
