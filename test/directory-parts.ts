import type { ContactId } from "../src/ids.ts";
import type { E164 } from "../src/phone.ts";
import type { Store } from "../src/store/store.ts";

/** What the tests of the directory speak of. */
export const noon = Date.UTC(2026, 0, 1, 12);
export const [anna, ben, carla] = ["co:anna", "co:ben", "co:carla"] as ContactId[] as [ContactId, ContactId, ContactId];
export const [one, two] = ["+14155550001", "+14155550002"] as E164[] as [E164, E164];
/** The link of a number that nobody was seen with. */
export const unknown = { state: "UNKNOWN", source: null, seenAt: null, candidateIds: [], isConfirmed: true };

/** The directory's rows of these contacts; null for one that is not known. */
export async function rowsOf(store: Store, ...ids: ContactId[]) {
  return (await store.get("number-by-contact", ids)).map((row) => row && JSON.parse(row));
}

/** The same store, with its calls counted. */
export function counting(inner: Store) {
  const calls = { get: 0, commit: 0 };
  const counted: Store = {
    ...inner,
    get: (...args) => {
      calls.get += 1;
      return inner.get(...args);
    },
    commit: (...args) => {
      calls.commit += 1;
      return inner.commit(...args);
    },
  };
  return { calls, counted };
}
