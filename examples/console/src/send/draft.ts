import { newIdempotencyKey } from "@textgraph/client";
import { useCallback, useState } from "react";
import type { CreateSendJobMutationVariables } from "../generated/operations.ts";
import type { Upload } from "./files.ts";

export interface Named {
  readonly id: string;
  readonly name: string;
}

export const KINDS = ["people", "list", "group", "poll"] as const;
export type Kind = (typeof KINDS)[number];

/** Who gets the text: what was chosen for each kind, so that looking at another one loses nothing. */
export interface Recipients {
  readonly kind: Kind;
  readonly people: readonly { readonly phoneNumber: string; readonly name: string | null }[];
  /** Numbers that were not sent to the graph yet. */
  readonly pasted: string;
  readonly upload: Upload | null;
  readonly group: Named | null;
  readonly poll: Named | null;
  /** The answer that was chosen in the poll; null for anyone who answered. */
  readonly option: Named | null;
}

/** A text to many that is being written, and the key it will be sent with: a retry, also after a reload, is recognized by it. */
export interface Draft {
  readonly idempotencyKey: string;
  /** `submitted`: it may have been made. It is then sent again as it is, until the outcome is known. */
  readonly step: "write" | "check" | "submitted";
  readonly name: string;
  /** Null: the first line. */
  readonly line: Named | null;
  readonly text: string;
  readonly recipients: Recipients;
  readonly hours: "night" | "any";
}

export type ChangeDraft = (change: Partial<Draft>) => void;

const STORED = "console.send";
const NO_QUIET_HOURS = { start: "00:00", end: "00:00" };

/** The draft of this tab. It outlives a reload of the page, and is gone with the tab. */
export function useDraft(): readonly [Draft, ChangeDraft] {
  const [draft, setDraft] = useState(readDraft);
  const change = useCallback<ChangeDraft>((changed) => {
    setDraft((before) => {
      const next = { ...before, ...changed };
      keep(next);
      return next;
    });
  }, []);
  return [draft, change];
}

export function newDraft(): Draft {
  return {
    idempotencyKey: newIdempotencyKey(),
    step: "write",
    name: "",
    line: null,
    text: "",
    recipients: { kind: "people", people: [], pasted: "", upload: null, group: null, poll: null, option: null },
    hours: "night",
  };
}

function keep(draft: Draft): void {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(draft));
  } catch {
    // More was pasted than a browser keeps: without it, the rest outlives a reload.
    sessionStorage.setItem(STORED, JSON.stringify({ ...draft, recipients: { ...draft.recipients, pasted: "" } }));
  }
}

/** Parts that an older version of this page did not keep are as in a new draft. */
function readDraft(): Draft {
  const kept: Partial<Draft> = JSON.parse(sessionStorage.getItem(STORED) ?? "{}");
  const fresh = newDraft();
  return { ...fresh, ...kept, recipients: { ...fresh.recipients, ...kept.recipients } };
}

/** Whether somebody was chosen. */
export function hasRecipients({ kind, people, upload, group, poll }: Recipients): boolean {
  return { people: people.length > 0, list: upload !== null, group: group !== null, poll: poll !== null }[kind];
}

/** What can be filled into the text, for these recipients. */
export function columnsOf({ kind, upload }: Recipients): readonly string[] {
  return { people: ["name"], list: upload?.placeholders ?? [], group: ["name"], poll: ["answer"] }[kind];
}

/** The request of a draft, the same each time. The line must be chosen. */
export function inputOf(draft: Draft): CreateSendJobMutationVariables["input"] {
  const { name, text, line, hours, idempotencyKey } = draft;
  return {
    name: name.trim() === "" ? null : name.trim(),
    from: { groupId: line?.id ?? "" },
    text,
    recipients: recipientsOf(draft.recipients),
    ...(hours === "any" && { quietHours: NO_QUIET_HOURS }),
    idempotencyKey,
  };
}

function recipientsOf({ kind, people, upload, group, poll, option }: Recipients) {
  switch (kind) {
    case "people":
      return {
        rows: people.map(({ phoneNumber, name }) => ({
          phoneNumber,
          values: name === null ? [] : [{ name: "name", value: name }],
        })),
      };
    case "list":
      return { uploadId: upload?.uploadId ?? "" };
    case "group":
      return { groupId: group?.id ?? "" };
    case "poll":
      return { pollAnswer: { pollId: poll?.id ?? "", optionId: option?.id ?? null } };
    default:
      return kind satisfies never;
  }
}
