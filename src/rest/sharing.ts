import type { Platform } from "../errors.ts";
import { createIndex } from "../event-loop.ts";
import type { Stamp, Versions } from "../freshness/versions.ts";
import { ReadScope, Stop } from "./calls.ts";
import { endOfScope, type Route } from "./exchange.ts";

/** A running read and its waiters. */
interface Shared {
  readonly result: Promise<unknown>;
  readonly stamp: Stamp;
  readonly waiters: Waiters;
}

/** Aborts when nobody waits any more. */
class Waiters extends Stop {
  count = 0;
  /** The latest deadline of the waiters. */
  deadline: number;

  constructor(deadline: number) {
    super();
    this.deadline = deadline;
  }
}

/**
 * Equal reads of one platform that are under way at the same time are one call, across all operations. A read that began
 * before a change at the platform is never joined by one that begins after it.
 */
export class Sharing {
  readonly #platform: Platform;
  readonly #versions: Versions;
  readonly #running = createIndex<Shared>();

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
    const found = scope.isFresh ? undefined : this.#running[key];
    const isJoinable = found !== undefined && this.#versions.isCurrent(found.stamp);
    const shared = isJoinable ? found : this.#start(key, scope, call);
    return this.#wait(shared as Shared & { readonly result: Promise<Result> }, route, scope);
  }

  #start(key: string, starter: ReadScope, call: (shared: ReadScope) => Promise<unknown>): Shared {
    const waiters = new Waiters(starter.deadline);
    const scope = new ReadScope({
      signal: waiters,
      deadline: () => waiters.deadline,
      isFresh: starter.isFresh,
      record: starter.record,
    });
    const stamp = this.#versions.stamp(this.#platform);
    const shared: Shared = { result: call(scope), waiters, stamp };
    this.#running[key] = shared;
    const forget = () => {
      if (this.#running[key] === shared) {
        delete this.#running[key];
      }
    };
    // The waiters learn of a failure by the promise.
    shared.result.then(forget, forget);
    return shared;
  }

  #wait<Result>(
    { result, waiters }: Shared & { readonly result: Promise<Result> },
    route: Route,
    scope: ReadScope,
  ): Promise<Result> {
    const { signal } = scope;
    waiters.deadline = Math.max(waiters.deadline, scope.deadline);
    waiters.count += 1;
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiters.count -= 1;
        if (waiters.count === 0) {
          waiters.abort(signal.reason);
        }
        reject(endOfScope(this.#platform, route, signal, true));
      };
      signal.addEventListener("abort", leave);
      result.then(
        (value: Result) => {
          signal.removeEventListener("abort", leave);
          resolve(value);
        },
        (error: unknown) => {
          signal.removeEventListener("abort", leave);
          reject(error);
        },
      );
    });
  }
}
