import { useMemo, useRef } from "react";
import type { CreateSendJobMutationVariables } from "../generated/send.ts";
import { useDraft } from "../parts/draft.ts";
import { useRegion } from "../session.tsx";
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

/** A text to many that is being written. */
export interface Written {
  /** `submitted`: it may have been made. It is then sent again as it is, until the outcome is known. */
  readonly step: "write" | "check" | "submitted";
  readonly name: string;
  /** Null: the first line. */
  readonly line: Named | null;
  readonly text: string;
  readonly recipients: Recipients;
  readonly hours: "night" | "any";
}

/** The draft with functions that change a part of it, also after something that took a while. */
export interface SendDraft extends Written {
  /** Of numbers without a country code. */
  readonly region: string | null;
  readonly idempotencyKey: string;
  readonly change: (part: Partial<Written>) => void;
  readonly changeRecipients: (part: Partial<Recipients>) => void;
  /** Opens a submitted draft again that was certainly not sent: with another key, if its own belongs to something else. */
  readonly reopen: (key: "same" | "new") => void;
  readonly startOver: () => void;
}

const EMPTY: Written = {
  step: "write",
  name: "",
  line: null,
  text: "",
  recipients: { kind: "people", people: [], pasted: "", upload: null, group: null, poll: null, option: null },
  hours: "night",
};
const NO_QUIET_HOURS = { start: "00:00", end: "00:00" };

export function useSendDraft(): SendDraft {
  const region = useRegion();
  const draft = useDraft("send", EMPTY, isWritten);
  const latest = useRef(draft);
  latest.current = draft;
  const functions = useMemo(() => {
    const change = (part: Partial<Written>) => {
      const value = { ...latest.current.value, ...part };
      latest.current.change(value);
      // Another part may change before the page shows this one: a list has been read while something else is chosen.
      latest.current = { ...latest.current, value };
    };
    return {
      change,
      changeRecipients: (part: Partial<Recipients>) =>
        change({ recipients: { ...latest.current.value.recipients, ...part } }),
      reopen: (key: "same" | "new") => {
        const { value, change: keep, renew } = latest.current;
        (key === "new" ? renew : keep)({ ...value, step: "check" });
      },
      startOver: () => latest.current.renew(EMPTY),
    };
  }, []);
  return { ...draft.value, region, idempotencyKey: draft.idempotencyKey, ...functions };
}

/** What this version of the page has kept. */
function isWritten(kept: unknown): kept is Written {
  return typeof kept === "object" && kept !== null && Object.keys(EMPTY).every((name) => name in kept);
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
export function inputOf(draft: SendDraft): CreateSendJobMutationVariables["input"] {
  const { name, text, line, hours, region, idempotencyKey } = draft;
  return {
    name: name.trim() === "" ? null : name.trim(),
    from: { groupId: line?.id ?? "" },
    text,
    recipients: recipientsOf(draft.recipients),
    region,
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
