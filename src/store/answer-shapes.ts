import { QUICK, type Store } from "./store.ts";

/** The shapes of the platforms' answers (src/rest/drift.ts): one text for each call. */
export function keepAnswerShapes(store: Store) {
  return {
    read: async (call: string) => (await store.get("answer-shape", [call], QUICK))[0] ?? null,
    write: (call: string, shape: string) => store.commit([{ table: "answer-shape", key: call, becomes: shape }]),
  };
}
