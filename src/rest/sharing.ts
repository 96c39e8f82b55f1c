import type { Platform } from "../errors.ts";
import type { CallScope } from "./calls.ts";
import { endOfScope, type Route } from "./exchange.ts";

/** A read under way, and who waits for it. */
interface Shared {
  readonly result: Promise<unknown>;
  readonly scope: SharedScope;
  readonly counter: number;
}

/** Ends when nobody waits any more; lasts as long as the most patient of those who do. */
interface SharedScope extends CallScope {
  readonly controller: AbortController;
  deadline: number | undefined;
  waiting: number;
}

/**
 * Equal reads of one platform that are under way at the same time are one call, across all operations. The platform's
 * write counter is raised before a write's first byte goes out and again when it has settled; a read that began under
 * an older counter is never joined, so that nobody who writes sees what was before.
 */
export class Sharing {
  readonly #platform: Platform;
  readonly #underWay = new Map<string, Shared>();
  #counter = 0;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Something changed at the platform that nobody here wrote: what is being read may be from before it. */
  forget(): void {
    this.#counter += 1;
  }

  async write<Result>(call: () => Promise<Result>): Promise<Result> {
    this.#counter += 1;
    try {
      return await call();
    } finally {
      this.#counter += 1;
    }
  }

  /** `key` says everything that the answer depends on: path, query and body. */
  read<Result>(
    key: string,
    route: Route,
    scope: CallScope,
    call: (shared: CallScope) => Promise<Result>,
  ): Promise<Result> {
    const found = scope.isFresh ? undefined : this.#underWay.get(key);
    const shared = found !== undefined && found.counter === this.#counter ? found : this.#start(key, scope, call);
    return this.#wait(shared as Shared & { readonly result: Promise<Result> }, route, scope);
  }

  #start(key: string, starter: CallScope, call: (shared: CallScope) => Promise<unknown>): Shared {
    const controller = new AbortController();
    const scope: SharedScope = {
      controller,
      signal: controller.signal,
      record: starter.record,
      deadline: starter.deadline,
      waiting: 0,
    };
    const shared: Shared = { result: call(scope), scope, counter: this.#counter };
    this.#underWay.set(key, shared);
    const forget = () => {
      if (this.#underWay.get(key) === shared) {
        this.#underWay.delete(key);
      }
    };
    // Whoever waits is told by the promise itself.
    shared.result.then(forget, forget);
    return shared;
  }

  #wait<Result>(
    { result, scope: shared }: Shared & { readonly result: Promise<Result> },
    route: Route,
    scope: CallScope,
  ): Promise<Result> {
    const { signal } = scope;
    if (scope.deadline === undefined || (shared.deadline !== undefined && scope.deadline > shared.deadline)) {
      shared.deadline = scope.deadline;
    }
    shared.waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = () => {
        shared.waiting -= 1;
        if (shared.waiting === 0) {
          shared.controller.abort(signal.reason);
        }
        reject(endOfScope(this.#platform, route, signal, true));
      };
      const stay = () => signal.removeEventListener("abort", leave);
      signal.addEventListener("abort", leave);
      result.then(stay, stay);
      result.then(resolve, reject);
    });
  }
}
