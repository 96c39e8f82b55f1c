import type { Platform } from "../errors.ts";
import { createIndex } from "../event-loop.ts";
import type { Stamp, Versions } from "../freshness/versions.ts";
import { ReadScope, Stop } from "./calls.ts";
import { endOfScope, type Route } from "./exchange.ts";

/** A running read and its waiters. It aborts when nobody waits any more. */
class SharedRead extends Stop {
  readonly key: string;
  readonly stamp: Stamp;
  waiters = 0;
  /** The latest deadline of the waiters. */
  deadline: number;

  constructor(key: string, stamp: Stamp, deadline: number) {
    super();
    this.key = key;
    this.stamp = stamp;
    this.deadline = deadline;
  }
}

interface Running {
  readonly shared: SharedRead;
  readonly result: Promise<unknown>;
}

/**
 * Equal reads of one platform that are under way at the same time are one call, across all operations. A read that began
 * before a change at the platform is never joined by one that begins after it.
 */
export class Sharing {
  readonly #platform: Platform;
  readonly #versions: Versions;
  readonly #running = createIndex<Running>();

  constructor(platform: Platform, versions: Versions) {
    this.#platform = platform;
    this.#versions = versions;
  }

  /** `key` contains everything that the answer depends on: path, query and body. */
  read<Result>(
    key: string,
    route: Route,
    scope: ReadScope,
    call: (shared: ReadScope) => Promise<Result>,
  ): Promise<Result> {
    if (scope.signal.aborted) {
      // Nothing would tell it so any more: its operation waited for other reads before this one.
      return Promise.reject(endOfScope(this.#platform, route, scope.signal, false));
    }
    const found = scope.isFresh ? undefined : this.#running[key];
    const isJoinable = found !== undefined && this.#versions.isCurrent(found.shared.stamp);
    if (isJoinable) {
      scope.join(this.#platform, route);
    }
    const { shared, result } = isJoinable ? found : this.#start(key, scope, call);
    return this.#wait(shared, result as Promise<Result>, route, scope);
  }

  #start(key: string, starter: ReadScope, call: (shared: ReadScope) => Promise<unknown>): Running {
    const shared = new SharedRead(key, this.#versions.stamp(this.#platform), starter.deadline);
    const scope = new ReadScope({
      signal: shared,
      deadline: () => shared.deadline,
      isFresh: starter.isFresh,
      record: starter.record,
    });
    const running = { shared, result: call(scope) };
    this.#running[key] = running;
    return running;
  }

  #wait<Result>(shared: SharedRead, result: Promise<Result>, route: Route, scope: ReadScope): Promise<Result> {
    const { signal } = scope;
    shared.deadline = Math.max(shared.deadline, scope.deadline);
    shared.waiters += 1;
    return new Promise((resolve, reject) => {
      const leave = () => {
        shared.waiters -= 1;
        if (shared.waiters === 0) {
          shared.abort(signal.reason);
        }
        reject(endOfScope(this.#platform, route, signal, true));
      };
      signal.addEventListener("abort", leave);
      // Also called for one that left, and who waits next finds no read that has ended.
      result.then(
        (value: Result) => {
          this.#end(shared);
          signal.removeEventListener("abort", leave);
          resolve(value);
        },
        (error: unknown) => {
          this.#end(shared);
          signal.removeEventListener("abort", leave);
          reject(error);
        },
      );
    });
  }

  #end(shared: SharedRead): void {
    if (this.#running[shared.key]?.shared === shared) {
      delete this.#running[shared.key];
    }
  }
}
