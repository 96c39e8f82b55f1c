import { type DocumentNode, Kind, type SelectionNode, visit } from "graphql";
import { rightsOf } from "../access/caller.ts";
import type { Stamp, Versions } from "../freshness/versions.ts";
import type { Answer, Operation } from "./operation.ts";

// Long enough for all subscribers that receive an event at about the same time.
const KEPT_MS = 1_000;

/**
 * Answers to subscriptions by event and selection: equal selections are executed once. An answer is kept for a second,
 * and only while nothing has changed since its execution began. One with errors is not kept.
 */
export class SelectedAnswers {
  readonly #versions: Versions;
  readonly #now: () => number;
  readonly #byEvent = new WeakMap<object, Map<string, Shared>>();

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(versions: Versions, now: () => number) {
    this.#versions = versions;
    this.#now = now;
  }

  /** `selection`: see `selectionOf`. */
  of(event: object, selection: string, select: () => Promise<Answer>): Promise<Answer> {
    const bySelection = this.#byEvent.get(event) ?? new Map<string, Shared>();
    this.#byEvent.set(event, bySelection);
    const known = bySelection.get(selection);
    if (known !== undefined && this.#now() < known.goodUntil && this.#versions.isCurrent(known.stamp)) {
      return known.answer;
    }
    const stamp = this.#versions.stamp("any");
    const shared: Shared = { stamp, answer: select(), goodUntil: Number.POSITIVE_INFINITY };
    bySelection.set(selection, shared);
    const settle = (goodUntil: number) => {
      shared.goodUntil = goodUntil;
    };
    shared.answer.then(
      ({ result: { errors } }) => settle(errors === undefined ? this.#now() + KEPT_MS : 0),
      () => settle(0),
    );
    return shared.answer;
  }
}

interface Shared {
  readonly stamp: Stamp;
  readonly answer: Promise<Answer>;
  /** On the clock of `now`; Infinity while it is executed. */
  goodUntil: number;
}

/**
 * Equal for subscriptions that get the same result from an event: those of one caller, with the same text
 * and operation name, and the same values of all variables that are used outside of a root field's arguments. Those
 * arguments choose among events and change nothing in a result. Callers share no results, because their scopes may differ.
 */
export function selectionOf({ text, document, name, variables, caller }: Operation): string {
  // A variable that is not given has its default value; one that is null has none.
  const given = selectingVariables(document).filter((each) => Object.hasOwn(variables, each));
  return JSON.stringify([rightsOf(caller), text, name, given.map((each) => [each, variables[each]])]);
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
