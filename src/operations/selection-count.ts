import { type FragmentDefinitionNode, Kind, type SelectionSetNode } from "graphql";

/** Selections that pricing looks at, including those that are skipped or apply to other types. */
const MOST_SELECTIONS = 20_000;

/** An operation has more fields than any screen selects. */
export class TooManyFields extends Error {}

/** Counts the selections of one operation before they are collected, because fragments may expand to millions. */
export class SelectionCount {
  readonly #fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** By selection set: see `#selectionsIn`. */
  readonly #sizes = new Map<SelectionSetNode, number>();
  #selections = 0;

  constructor(fragments: Readonly<Record<string, FragmentDefinitionNode>>) {
    this.#fragments = fragments;
  }

  /** Throws TooManyFields. */
  add(selectionSet: SelectionSetNode | undefined): void {
    this.#selections += selectionSet === undefined ? 0 : this.#selectionsIn(selectionSet);
    if (this.#selections > MOST_SELECTIONS) {
      throw new TooManyFields();
    }
  }

  /** The selections of one object, fragments expanded. */
  #selectionsIn(selectionSet: SelectionSetNode): number {
    let size = this.#sizes.get(selectionSet);
    if (size === undefined) {
      size = 0;
      for (const selection of selectionSet.selections) {
        const inner =
          selection.kind === Kind.FRAGMENT_SPREAD
            ? this.#fragments[selection.name.value]?.selectionSet
            : selection.kind === Kind.INLINE_FRAGMENT
              ? selection.selectionSet
              : undefined;
        size += 1 + (inner === undefined ? 0 : this.#selectionsIn(inner));
      }
      this.#sizes.set(selectionSet, size);
    }
    return size;
  }
}
