import { type DocumentNode, Kind, type SelectionNode, visit } from "graphql";
import type { Operation, Result } from "./live-operations.ts";

/**
 * What was selected from an event, so that however many select the same of it, it is executed once, and what that takes
 * is read once. Kept as long as somebody holds the event.
 */
export class EventResults {
  readonly #byEvent = new WeakMap<object, Map<string, Promise<Result>>>();

  /** `selection`: see `selectionOf`. */
  of(event: object, selection: string, select: () => Promise<Result>): Promise<Result> {
    const bySelection = this.#byEvent.get(event) ?? new Map<string, Promise<Result>>();
    this.#byEvent.set(event, bySelection);
    const result = bySelection.get(selection) ?? select();
    bySelection.set(selection, result);
    return result;
  }
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
  return JSON.stringify([text, name, selectingVariables(document).map((each) => variables[each])]);
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
