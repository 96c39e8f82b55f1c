import { adviceOnUserError, newIdempotencyKey } from "@textgraph/client";
import { useCallback, useState } from "react";

/** What is being written, and the key it will be sent with: a retry, also after a reload, is recognized by it. */
export interface Draft<Value> {
  readonly value: Value;
  readonly idempotencyKey: string;
  /** Keeps another value, which is sent with the same key. */
  readonly change: (value: Value) => void;
  /** Begins the next one, with a key of its own. */
  readonly renew: (value: Value) => void;
}

interface Kept<Value> {
  readonly value: Value;
  readonly idempotencyKey: string;
}

/** The draft of this name. It outlives a reload of the page, and is gone with the tab. `isValue` tells what was kept. */
export function useDraft<Value>(name: string, empty: Value, isValue: (kept: unknown) => kept is Value): Draft<Value> {
  const place = `console.draft.${name}`;
  const [kept, setKept] = useState(() => readKept(place, isValue) ?? begin(empty));
  const keep = useCallback(
    (next: Kept<Value>) => {
      setKept(next);
      try {
        sessionStorage.setItem(place, JSON.stringify([next.idempotencyKey, next.value]));
      } catch {
        // More than a browser keeps, such as a long list that was pasted: this draft lives as long as the page.
        sessionStorage.removeItem(place);
      }
    },
    [place],
  );
  return {
    ...kept,
    change: (value) => keep({ ...kept, value }),
    renew: (value) => keep(begin(value)),
  };
}

function begin<Value>(value: Value): Kept<Value> {
  return { value, idempotencyKey: newIdempotencyKey() };
}

function readKept<Value>(place: string, isValue: (kept: unknown) => kept is Value): Kept<Value> | null {
  const kept: unknown = JSON.parse(sessionStorage.getItem(place) ?? "[]");
  const [idempotencyKey, value]: readonly unknown[] = Array.isArray(kept) ? kept : [];
  return typeof idempotencyKey === "string" && isValue(value) ? { idempotencyKey, value } : null;
}

/** Whether something may have been carried out under the draft's key, by the code of a `userErrors`. */
export function mayBeDone(code: string): boolean {
  return code === "OUTCOME_UNKNOWN" || adviceOnUserError(code).key === "new";
}

/** For drafts that are a text. */
export const isText = (kept: unknown) => typeof kept === "string";
