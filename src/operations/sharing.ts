import type { DocumentNode } from "graphql";
import { rightsOf } from "../access/caller.ts";
import { createIndex, type Index } from "../event-loop.ts";
import type { Stamp, Versions } from "../freshness/versions.ts";
import type { Execution } from "./execution.ts";
import type { Answer, Client, Operation } from "./operation.ts";

interface RunningQuery {
  readonly execution: Execution;
  readonly answer: Promise<Answer>;
  /** The version of everything when the query began. */
  readonly stamp: Stamp;
}

/**
 * Executes equal queries that run at the same time once, whatever transports they came by. Queries are equal if caller,
 * scopes, document, name and variables are the same and nothing changed since the first one began.
 */
export class OperationSharing {
  readonly #versions: Versions;
  readonly #running = new WeakMap<DocumentNode, Index<RunningQuery>>();

  constructor(versions: Versions) {
    this.#versions = versions;
  }

  /** The answer of an equal query that began a moment ago, or that of `execute`, which others can join in turn. */
  answer(operation: Operation, client: Client, execute: () => [Execution, Promise<Answer>]): Promise<Answer> {
    const { document } = operation;
    // Equal texts have one document: see documents.ts.
    const queries = this.#running.get(document) ?? createIndex<RunningQuery>();
    const key = keyOf(operation);
    const found = queries[key];
    if (found?.execution.isJoinable && this.#versions.isCurrent(found.stamp)) {
      found.execution.join(client);
      return found.answer;
    }
    const stamp = this.#versions.stamp("any");
    const [execution, answer] = execute();
    const running = { execution, answer, stamp };
    queries[key] = running;
    this.#running.set(document, queries);
    const forget = () => {
      if (queries[key] === running) {
        delete queries[key];
      }
    };
    answer.then(forget, forget);
    return answer;
  }
}

/** What makes queries with one document equal, and the text of it. */
interface Key extends Pick<Operation, "name" | "caller" | "showsCost"> {
  readonly text: string;
}

/** The transports read equal bodies into the same object, so the key of most is known. */
const knownKeys = new WeakMap<object, Key>();

function keyOf({ name, variables, caller, showsCost }: Operation): string {
  const known = knownKeys.get(variables);
  if (known?.name === name && known.caller === caller && known.showsCost === showsCost) {
    return known.text;
  }
  const text = `${JSON.stringify(variables)} ${name ?? ""} ${showsCost} ${rightsOf(caller)}`;
  knownKeys.set(variables, { name, caller, showsCost, text });
  return text;
}
