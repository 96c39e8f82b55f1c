import { QUICK, type Store } from "./store.ts";

const KEY = "versions";

/** The versions of one account (src/freshness) as one row, for all processes that share the store. */
export function shareVersions(store: Store) {
  return {
    read: async () => (await store.get("version", [KEY], QUICK))[0] ?? null,
    replace: (was: string | null, becomes: string) => store.commit([{ table: "version", key: KEY, was, becomes }]),
  };
}
