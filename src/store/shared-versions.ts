import { type Change, QUICK, type Store } from "./store.ts";

interface SharedVersion extends Pick<Change, "was" | "becomes"> {
  readonly name: string;
}

/** The versions of one account (src/freshness) as rows, for all processes that share the store. */
export function shareVersions(store: Store) {
  return {
    read: (names: readonly string[]) => store.get("version", names, QUICK),
    write: (rows: readonly SharedVersion[]) =>
      store.commit(rows.map(({ name, ...row }) => ({ table: "version", key: name, ...row }))),
  };
}
