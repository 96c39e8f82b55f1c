import type { Stamp, Versions } from "../freshness/versions.ts";
import type { Execution } from "./execution.ts";
import type { Answer, Operation } from "./operation.ts";

interface UnderWay {
  readonly execution: Execution;
  readonly answer: Promise<Answer>;
  /** Of everything, when it began. */
  readonly stamp: Stamp;
}

/**
 * Equal queries that are under way at the same time, executed once, whatever transports they came by. Equal: of the same
 * caller, text, name and variables, and nothing changed since the first one began.
 */
export class OperationSharing {
  readonly #versions: Versions;
  readonly #underWay = new Map<string, UnderWay>();

  constructor(versions: Versions) {
    this.#versions = versions;
  }

  /** What equal operations have in common; null for one that is executed by itself. */
  keyOf({ text, name, variables, definition, isFresh, caller }: Operation): string | null {
    return definition.operation === "query" && !isFresh ? JSON.stringify([caller.id, text, name, variables]) : null;
  }

  /** An equal query that can be joined. */
  find(key: string): UnderWay | null {
    const found = this.#underWay.get(key);
    const isJoinable = found && !found.execution.signal.aborted && this.#versions.isCurrent(found.stamp);
    return isJoinable ? found : null;
  }

  /** Begins a query that others can join until it has been answered. `execute` runs after the stamp was taken. */
  start(key: string, execution: Execution, execute: () => Promise<Answer>): Promise<Answer> {
    const stamp = this.#versions.stamp("any");
    const underWay = { execution, answer: execute(), stamp };
    this.#underWay.set(key, underWay);
    const forget = () => {
      if (this.#underWay.get(key) === underWay) {
        this.#underWay.delete(key);
      }
    };
    underWay.answer.then(forget, forget);
    return underWay.answer;
  }
}
