import { setTimeout as sleep } from "node:timers/promises";
import { valueOrThrow } from "../errors.ts";
import type { ContactId } from "../ids.ts";
import { type ContactDirectory, type ListedContact, timeOfReading } from "./contacts.ts";

export interface ContactImport {
  readonly ids: readonly ContactId[];
  /** Reads one contact; null if it does not exist. If it throws, the id counts as failed, and the import continues. */
  readonly read: (id: ContactId) => Promise<ListedContact | null>;
  readonly directory: Pick<ContactDirectory, "learn" | "forget">;
  /** True if an earlier part of the same import has learned something. */
  readonly hasLearned?: boolean;
  /** Reads that run at the same time. */
  readonly concurrency: number;
  /** Reads that begin in one second; no limit if left out. */
  readonly perSecond?: number;
  /** Called after each batch, when the directory has stored it: ids that are reported here need not be read again. */
  readonly onProgress?: (progress: ImportProgress) => void | Promise<void>;
  /** Ends the import. Reads that have begun are finished and stored. */
  readonly signal?: AbortSignal;
  readonly now: () => Date;
  readonly wait?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** Progress of an import: the first `done` of its ids, and their results. */
export interface ImportProgress {
  readonly done: number;
  readonly learned: number;
  /** Ids that Pidj does not know. */
  readonly missing: number;
  readonly failed: readonly FailedRead[];
}

export interface FailedRead {
  readonly id: ContactId;
  readonly error: unknown;
}

interface ImportOutcome extends ImportProgress {
  /** `failing`: too many reads failed one after another, and the rest was not tried. */
  readonly ended: "done" | "aborted" | "failing";
}

const BATCH = 20;
const FAILURES_IN_A_ROW = 20;

/**
 * Reads contacts by id and stores their numbers as IMPORTED; contacts that no longer exist are removed. It works in
 * batches: after a crash at most one is read again. Throws StoreError if the directory does.
 */
export async function importContacts(options: ContactImport): Promise<ImportOutcome> {
  const { ids, directory, signal, now, onProgress } = options;
  const failed: FailedRead[] = [];
  const missed: { readonly ids: readonly ContactId[]; readonly at: Date }[] = [];
  let [done, learned, missing, failuresInARow] = [0, 0, 0, 0];
  const pace = createPace(options);

  function ended(): ImportOutcome["ended"] | null {
    if (done >= ids.length) {
      return "done";
    }
    return signal?.aborted ? "aborted" : failuresInARow >= FAILURES_IN_A_ROW ? "failing" : null;
  }

  async function readBatch(batch: readonly ContactId[]) {
    const found: ListedContact[] = [];
    const gone: ContactId[] = [];
    const running = new Set<Promise<void>>();
    let begun = 0;

    async function readOne(id: ContactId): Promise<void> {
      try {
        const contact = await options.read(id);
        failuresInARow = 0;
        if (contact === null) {
          gone.push(id);
        } else {
          valueOrThrow(contact.phoneNumber);
          found.push(contact);
        }
      } catch (error) {
        failuresInARow += 1;
        failed.push({ id, error });
      }
    }

    for (const id of batch) {
      await pace();
      if (running.size >= options.concurrency) {
        await Promise.race(running);
      }
      if (ended() !== null) {
        break;
      }
      begun += 1;
      const reading = readOne(id).finally(() => running.delete(reading));
      running.add(reading);
    }
    await Promise.all(running);
    return { found, gone, begun };
  }

  while (ended() === null) {
    // Earlier than every read of the batch, so that anything seen in the meantime is newer and stays.
    const startedAt = timeOfReading(now);
    const { found, gone, begun } = await readBatch(ids.slice(done, done + BATCH));
    await directory.learn(
      found.map((contact) => ({ ...contact, contactId: contact.id, source: "IMPORTED" })),
      startedAt,
    );
    missed.push({ ids: gone, at: startedAt });
    done += begun;
    learned += found.length;
    missing += gone.length;
    if (learned > 0 || options.hasLearned) {
      for (const { ids, at } of missed.splice(0)) {
        await directory.forget(ids, at);
      }
    }
    await onProgress?.({ done, learned, missing, failed: [...failed] });
  }
  return { done, learned, missing, failed, ended: ended() ?? "done" };
}

/** Each call resolves at the earliest a fixed interval after the one before. */
function createPace({ perSecond, now, signal, wait = waitUnlessAborted }: ContactImport): () => Promise<void> {
  let next = now().getTime();
  return async () => {
    if (perSecond === undefined) {
      return;
    }
    const early = next - now().getTime();
    if (early > 0) {
      await wait(early, signal);
    }
    next = Math.max(next, now().getTime()) + 1_000 / perSecond;
  };
}

async function waitUnlessAborted(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch {
    // Aborted; the caller checks the signal.
  }
}
