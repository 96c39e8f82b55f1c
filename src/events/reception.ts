import { createHash } from "node:crypto";
import type { Arrival, ForwardedText } from "../store/event-records.ts";
import type { Inbox } from "../store/inbox.ts";
import type { Appended } from "../store/inbox-arrivals.ts";
import type { OptOuts } from "../store/opt-outs.ts";
import type { Draft } from "../store/update.ts";
import { parseForwardedText } from "./forwarded-text.ts";
import { createKeywordReader } from "./opt-out-words.ts";
import { parsePollReport } from "./poll-report.ts";
import { canonicalText, type Values } from "./values.ts";

/** The result of a delivery: it is on disk, has no meaning here, or cannot be read. */
export type Received = "kept" | "other" | "malformed";

/** Receives what the platforms push. Throws StoreError if it cannot be stored. */
export interface Reception {
  /** A text that Pidj forwards. */
  text(values: Values): Promise<Received>;
  /** A report of Textizen's webhook. */
  report(values: Values): Promise<Received>;
}

export interface ReceptionOptions {
  readonly inbox: Inbox;
  readonly optOuts: OptOuts;
  /** Keywords that opt a person out; `createKeywordReader` says how they are compared. */
  readonly optOutWords: readonly string[];
  /** Called with every delivery that is on disk, whether it is an event or a repeat. */
  readonly onKept: (kept: Appended) => Promise<void>;
  /** Called with problems that need attention; the message contains no number. */
  readonly warn: (message: string, error: unknown) => void;
}

export function createReception({ inbox, optOuts, optOutWords, onKept, warn }: ReceptionOptions): Reception {
  const keywordOf = createKeywordReader(optOutWords);

  async function keep(arrival: Arrival, values: Values): Promise<Received> {
    // A hash, because the content is private and may be long.
    const fingerprint = createHash("sha256")
      .update(`${JSON.stringify(arrival)} ${canonicalText(values)}`)
      .digest("base64url");
    const alongside = async (draft: Draft, isRepeat: boolean) => {
      if (arrival.kind === "ReceivedMessage") {
        await draftOptOut(draft, arrival, isRepeat);
      }
    };
    await onKept(await inbox.append({ arrival, fingerprint, alongside }));
    return "kept";
  }

  async function draftOptOut(draft: Draft, arrival: ForwardedText, isRepeat: boolean): Promise<void> {
    const { text, from } = arrival;
    const keyword = from === null ? null : keywordOf(text);
    // A repeat counts only if it is a STOP: a START that is delivered again, late, must not undo a STOP that came between.
    if (from === null || keyword === null || (isRepeat && keyword !== "stop")) {
      return;
    }
    const reason = `Texted ${text.trim().slice(0, 30).toWellFormed()}`;
    await optOuts.draft(
      draft,
      from,
      { isOptedOut: keyword === "stop", source: "RECEIVED", reason },
      keyword === "yes" ? "texted" : "all",
    );
  }

  return {
    text: async (values) => {
      const text = parseForwardedText(values);
      if (text === null) {
        return "malformed";
      }
      if (text.from === null && keywordOf(text.text) === "stop") {
        warn("a text asked to be left alone, and its sender is no number that can be opted out", null);
      }
      return keep(text, values);
    },
    report: async (values) => {
      const report = parsePollReport(values);
      return typeof report === "string" ? report : keep(report, values);
    },
  };
}
