import type { Services } from "../context.ts";
import { ReadScope } from "../rest/calls.ts";
import { timeOfReading } from "../store/contacts.ts";
import { repeat } from "./repeat.ts";

/** As many known contacts make a list that is suddenly empty unlikely. */
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
    const first = await read(signal);
    const isDoubtful = first.rows.length === 0 && (await directory.count()) >= MANY;
    const { rows, skipped, readAt } = isDoubtful ? await read(signal) : first;
    if (isDoubtful) {
      const verdict = rows.length === 0 ? "twice: all contacts are forgotten" : "once, and is not believed";
      warn(`Pidj's contact list was empty ${verdict}`, null);
    }
    if (skipped === 0) {
      await directory.learnList(rows, readAt);
    } else {
      // A list with rows that cannot be read does not say which contacts are gone.
      const listed = rows.map(({ id, phoneNumber }) => ({ contactId: id, phoneNumber, source: "LISTED" as const }));
      await directory.learn(listed, readAt);
    }
    await versions.raise([]);
  }

  return repeat(sync, minutes * 60_000, (error) => warn("Pidj's contact list was not read", error));
}
