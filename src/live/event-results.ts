import { type DocumentNode, Kind, type SelectionNode, visit } from "graphql";
import type { Operation, Result } from "./live-operations.ts";

// For all who hear of an event at once.
const KEPT_MS = 1_000;

/**
 * What was selected from an event, so that however many select the same of it, it is executed once, and what that takes
 * is read once. Kept for a second, and not at all where something failed: what comes later reads anew.
 */
export class EventResults {
  readonly #now: () => number;
  readonly #byEvent = new WeakMap<object, Map<string, Shared>>();

  /** `now` in milliseconds, from wherever. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** `selection`: see `selectionOf`. */
  of(event: object, selection: string, select: () => Promise<Result>): Promise<Result> {
    const bySelection = this.#byEvent.get(event) ?? new Map<string, Shared>();
    this.#byEvent.set(event, bySelection);
    const known = bySelection.get(selection);
    if (known !== undefined && this.#now() < known.goodUntil) {
      return known.result;
    }
    const shared: Shared = { result: select(), goodUntil: Number.POSITIVE_INFINITY };
    bySelection.set(selection, shared);
    const settle = (goodUntil: number) => {
      shared.goodUntil = goodUntil;
    };
    shared.result.then(
      ({ errors }) => settle(errors === undefined ? this.#now() + KEPT_MS : 0),
      () => settle(0),
    );
    return shared.result;
  }
}

interface Shared {
  readonly result: Promise<Result>;
  /** By the clock; without end while it is executed. */
  goodUntil: number;
}

const written = new WeakMap<Result, string>();

/** A result as JSON, written once for all who get it. */
export function writeResult(result: Result): string {
  const json = written.get(result) ?? JSON.stringify(result);
  written.set(result, json);
  return json;
}

/**
 * Equal for subscriptions that get the same from the same event: those of one text and operation name, with equal values
 * of the variables that stand anywhere but in a root field's arguments. Those choose among events, and change none. Says
 * nothing of who asks: this server serves one account, and none of its clients may see what another may not.
 */
export function selectionOf({ text, document, name, variables }: Operation): string {
  // One that is not given has its default, where null would be null.
  const given = selectingVariables(document).filter((each) => Object.hasOwn(variables, each));
  return JSON.stringify([text, name, given.map((each) => [each, variables[each]])]);
}

function selectingVariables(document: DocumentNode): string[] {
  const names = new Set<string>();
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION
      ? {
          ...definition,
          variableDefinitions: [],
          selectionSet: {
            ...definition.selectionSet,
            selections: definition.selectionSet.selections.map(withoutArguments),
          },
        }
      : definition,
  );
  visit({ ...document, definitions }, { Variable: ({ name }) => void names.add(name.value) });
  return [...names];
}

function withoutArguments(selection: SelectionNode): SelectionNode {
  return selection.kind === Kind.FIELD ? { ...selection, arguments: [] } : selection;
}
