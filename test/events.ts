import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseId } from "../src/ids.ts";
import { parseE164 } from "../src/phone.ts";
import type { ForwardedText, PollReport } from "../src/store/event-records.ts";
import { createInbox, type Inbox, type InboxOptions } from "../src/store/inbox.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";

export const SECRET = "a-secret-of-sixteen-letters";

/** A file for a store, in a folder that is removed with the scope. */
export function makeFile(): Disposable & { readonly url: string; readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-events-"));
  const path = join(folder, "graph.db");
  return { url: `sqlite:${path}`, path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** An inbox with a clock that stands still until it is told the time. */
export interface TestInbox extends AsyncDisposable {
  readonly inbox: Inbox;
  readonly store: Store;
  /** Milliseconds since 1970. */
  time: number;
  /** Keeps a text, unlike every other one unless a fingerprint is given. */
  keep(text?: Partial<ForwardedText>, fingerprint?: string): Promise<string>;
}

let texts = 0;

export async function openInbox(url = "sqlite::memory:", options: Partial<InboxOptions> = {}): Promise<TestInbox> {
  const store = await openStore(url, "default");
  const test: TestInbox = {
    store,
    time: Date.UTC(2026, 2, 14),
    inbox: createInbox(store, {
      now: () => new Date(test.time),
      repeatMilliseconds: 10_000,
      keptMilliseconds: 30 * 86_400_000,
      mostKept: 1_000_000,
      ...options,
    }),
    keep: async (text: Partial<ForwardedText> = {}, fingerprint?: string) => {
      texts += 1;
      const arrival = textOf(text);
      return (await test.inbox.append({ arrival, fingerprint: fingerprint ?? `text ${texts}` })).event.cursor;
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
  return test;
}

/** All events behind a sequence number; null if some are not kept any more. */
export async function readOn(inbox: Inbox, sequence: number): ReturnType<Inbox["readOn"]> {
  const { epoch } = await inbox.newest();
  return inbox.readOn({ epoch, sequence }, null, 1_000);
}

export function textOf(text: Partial<ForwardedText> = {}): ForwardedText {
  return {
    kind: "ReceivedMessage",
    text: "Hello",
    from: parseE164("+12015554821"),
    displayFrom: "+12015554821",
    toPhoneNumber: parseE164("+18885552000"),
    groupId: parseId("PidjGroup", "gr:one"),
    contactId: null,
    contactExternalId: null,
    ...text,
  };
}

export function reportOf(pollId: string): PollReport {
  return {
    kind: "CompletedPoll",
    pollId: parseId("Poll", pollId),
    participantId: null,
    from: null,
    answeredAt: null,
    responses: [],
  };
}
