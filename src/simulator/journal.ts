import type { IncomingHttpHeaders } from "node:http";

export type PlatformName = "PIDJ" | "TEXTIZEN";

/** One request as it was received. */
export interface JournalEntry {
  readonly platform: PlatformName;
  readonly method: string;
  /** As on the wire, base path and query included. */
  readonly path: string;
  /** The call as the documents name it, such as `GET /contact/{id}`; `unknown` if no call has this method and path. */
  readonly route: string;
  readonly headers: IncomingHttpHeaders;
  /** The raw text; empty until the whole body has come. */
  body: string;
  /** The decoded body of a form. */
  form?: Readonly<Record<string, string>>;
  /** The decoded body of a JSON request. */
  json?: unknown;
  /** The HTTP status of the answer; null until there is one, and if there is none. */
  status: number | null;
}

/** The calls that text people or make work for them. */
export type SendCall =
  | "POST /send"
  | "POST /series/subscribe"
  | "POST /survey/initiate"
  | "POST /task/initiate"
  | "POST /api/polls/{id}/mailings";

/** One send that was accepted, with the input that was understood: no credential, text as long as it is delivered. */
export interface LedgerEntry {
  readonly call: SendCall;
  readonly at: Date;
  readonly input: Readonly<Record<string, unknown>>;
}

const LIMIT = 100_000;

/** Adds an entry; beyond 100,000 the older half goes, so that a long benchmark does not fill the memory. */
export function addToJournal(journal: JournalEntry[], entry: JournalEntry): void {
  if (journal.length >= LIMIT) {
    journal.splice(0, LIMIT / 2);
  }
  journal.push(entry);
}

/** Fills in the body, and its decoded value if it is a form or JSON. */
export function recordBody(entry: JournalEntry, body: string): void {
  entry.body = body;
  if (body === "") {
    return;
  }
  const type = mediaType(entry.headers);
  if (type === "application/x-www-form-urlencoded") {
    entry.form = Object.fromEntries(new URLSearchParams(body));
  } else if (type === "application/json") {
    try {
      entry.json = JSON.parse(body);
    } catch {
      // It stays undecoded; the raw text is kept.
    }
  }
}

/** The media type without its parameters, in lower case; empty if there is none. */
export function mediaType(headers: IncomingHttpHeaders): string {
  return (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}
