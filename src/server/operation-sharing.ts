import type { FastifyReply, FastifyRequest } from "fastify";
import type { Stamp, Versions } from "../freshness/versions.ts";
import type { Execution } from "../operations/execution.ts";
import { isJson } from "./known-queries.ts";

/** An operation's answer as it goes to every client that asked the same. */
export interface OperationAnswer {
  readonly status: number;
  readonly headers: ReturnType<FastifyReply["getHeaders"]>;
  readonly body: string;
}

interface UnderWay {
  readonly execution: Execution;
  readonly answer: Promise<OperationAnswer>;
  /** Of everything, when it began. */
  readonly stamp: Stamp;
}

// Nothing that a screen asks is longer; together what is remembered stays under 8 MB.
const LONGEST_BODY = 8_192;
const KNOWN = 1_000;

/**
 * Equal queries that are under way at the same time are executed once and answered with the same bytes. Equal: the same
 * caller, the same bytes of the request, and nothing written in between. Only what an earlier run has shown to be a
 * query is shared, since that cannot be told from bytes.
 */
export class OperationSharing {
  readonly #versions: Versions;
  readonly #queries = new Set<string>();
  readonly #underWay = new Map<string, UnderWay>();

  constructor(versions: Versions) {
    this.#versions = versions;
  }

  /** What equal requests have in common; null for a request that is not shared. */
  keyOf(request: FastifyRequest): string | null {
    const { method, url, headers, body } = request;
    return method === "POST" && isJson(request) && typeof body === "string" && body.length <= LONGEST_BODY
      ? `${url}\n${headers.authorization ?? ""}\n${headers.accept ?? ""}\n${body}`
      : null;
  }

  /** The equal query that can be joined. */
  find(key: string): UnderWay | null {
    const underWay = this.#underWay.get(key);
    return underWay !== undefined && this.#versions.isCurrent(underWay.stamp) && !underWay.execution.signal.aborted
      ? underWay
      : null;
  }

  /** The operation has turned out to be a query. */
  learn(key: string): void {
    if (this.#queries.size >= KNOWN && !this.#queries.has(key)) {
      const [oldest = ""] = this.#queries;
      this.#queries.delete(oldest);
    }
    this.#queries.add(key);
  }

  /** Lets equal ones join from now on, where it is known for a query. */
  start(key: string, execution: Execution, answer: Promise<OperationAnswer>): void {
    if (!this.#queries.has(key)) {
      return;
    }
    const underWay = { execution, answer, stamp: this.#versions.stamp("any") };
    this.#underWay.set(key, underWay);
    const forget = () => {
      if (this.#underWay.get(key) === underWay) {
        this.#underWay.delete(key);
      }
    };
    answer.then(forget, forget);
  }
}
