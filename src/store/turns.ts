import type { Store } from "./store.ts";

/** Says whether this process shall do a piece of work that one of them does for all. */
export type TakeTurn = (work: string, milliseconds: number) => Promise<boolean>;

/**
 * Returns the function that is true for one process at a time: whoever takes a turn has it for so many milliseconds,
 * and if that process dies, another one has the next. Work must bear being done twice, because clocks differ. Throws
 * StoreError if the store fails.
 */
export function createTurns(store: Store, now: () => Date): TakeTurn {
  return async (work, milliseconds) => {
    const [endsAt = null] = await store.get("turn", [work]);
    const time = now().getTime();
    // A turn that ends later than any could was taken by a clock that was put back since.
    if (endsAt !== null && Number(endsAt) > time && Number(endsAt) <= time + milliseconds) {
      return false;
    }
    return store.commit([{ table: "turn", key: work, was: endsAt, becomes: String(time + milliseconds) }]);
  };
}
