import { newIdempotencyKey } from "@textgraph/client";
import { useCallback, useState } from "react";

/** A text that is being written, and the key it will be sent with: a retry, also after a reload, is recognized by it. */
export interface Draft {
  readonly text: string;
  readonly idempotencyKey: string;
}

/** The draft for one number. It outlives a reload of the page, and is gone with the tab. */
export function useDraft(phoneNumber: string): readonly [Draft, (draft: Draft) => void] {
  const name = `console.draft.${phoneNumber}`;
  const [draft, setDraft] = useState(() => readDraft(name));
  const keep = useCallback(
    (next: Draft) => {
      sessionStorage.setItem(name, JSON.stringify([next.idempotencyKey, next.text]));
      setDraft(next);
    },
    [name],
  );
  return [draft, keep];
}

export function newDraft(text = ""): Draft {
  return { text, idempotencyKey: newIdempotencyKey() };
}

function readDraft(name: string): Draft {
  const kept: unknown = JSON.parse(sessionStorage.getItem(name) ?? "[]");
  const [idempotencyKey, text]: readonly unknown[] = Array.isArray(kept) ? kept : [];
  return typeof idempotencyKey === "string" && typeof text === "string" ? { text, idempotencyKey } : newDraft();
}
