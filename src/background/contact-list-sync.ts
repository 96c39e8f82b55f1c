import type { Services } from "../context.ts";
import { ReadScope } from "../rest/calls.ts";
import { timeOfReading } from "../store/contacts.ts";
import { repeat } from "./repeat.ts";

/** If the directory knows at least this many contacts, a list that suddenly lacks most of them is doubtful. */
const MANY = 100;

type Needed = Pick<Services, "pidj" | "directory" | "versions" | "now" | "warn">;

/** Reads Pidj's contact list into the directory, now and every so many minutes. */
export function startContactListSync(
  { pidj, directory, versions, now, warn }: Needed,
  minutes: number,
): { stop(): void } {
  async function read(signal: AbortSignal) {
    const readAt = timeOfReading(now);
    const scope = new ReadScope({
      signal,
      deadline: () => Number.POSITIVE_INFINITY,
      // A shared read may have begun earlier, and would get a wrong date.
      isFresh: true,
      record: () => undefined,
    });
    return { ...(await pidj.client.contacts(scope)), readAt };
  }

  async function sync(signal: AbortSignal): Promise<void> {
    const known = await directory.count();
    const isDoubtful = ({ rows }: { readonly rows: readonly unknown[] }) => known >= MANY && rows.length < known / 2;
    const first = await read(signal);
    const list = isDoubtful(first) ? await read(signal) : first;
    if (isDoubtful(first)) {
      const verdict = isDoubtful(list) ? "twice: those that it lacks are forgotten" : "once, and is not believed";
      warn(`Pidj's contact list had ${first.rows.length} of ${known} known contacts ${verdict}`, null);
    }
    const { rows, skipped, readAt } = list;
    if (skipped === 0) {
      await directory.learnList(rows, readAt);
    } else {
      // A list with rows that cannot be read does not say which contacts are gone.
      const listed = rows.map((contact) => ({ ...contact, contactId: contact.id, source: "LISTED" as const }));
      await directory.learn(listed, readAt);
    }
    await versions.raise([]);
  }

  return repeat(sync, minutes * 60_000, (error) => warn("Pidj's contact list was not read", error));
}
