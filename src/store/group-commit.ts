import type { Change } from "./store.ts";

/** Writes sets of changes in one transaction, each set whole or not at all; true for those that were written. */
type WriteAll = (sets: readonly (readonly Change[])[], durable: boolean) => Promise<boolean[]>;

interface Waiting {
  readonly changes: readonly Change[];
  readonly durable: boolean;
  readonly settle: (outcome: Promise<boolean>) => void;
}

/** Of one transaction, so that it holds the event loop for a few milliseconds at most. */
const MOST_CHANGES = 500;

/**
 * Writes the first commit of a turn of the event loop at once, and all others of that turn in one transaction, because
 * most of a durable commit is the wait for the disk: fifty sends at once wait for it twice. Nobody hears of a commit
 * before it is on disk, and a set whose comparison fails keeps none of the others from being written. If the
 * transaction fails, all of its sets do.
 */
export class GroupCommit {
  readonly #writeAll: WriteAll;
  #waiting: Waiting[] = [];
  /** Whether this turn of the event loop had a commit already. */
  #isGrouping = false;
  readonly #writing = new Set<Promise<unknown>>();

  constructor(writeAll: WriteAll) {
    this.#writeAll = writeAll;
  }

  add(changes: readonly Change[], durable: boolean): Promise<boolean> {
    const written = this.#isGrouping
      ? new Promise<boolean>((settle) => this.#waiting.push({ changes, durable, settle }))
      : this.#writeAll([changes], durable).then(([isWritten]) => isWritten === true);
    if (!this.#isGrouping) {
      this.#isGrouping = true;
      setImmediate(() => this.#endTurn());
    }
    this.#writing.add(written);
    const end = () => this.#writing.delete(written);
    written.then(end, end);
    return written;
  }

  /** Resolves when everything that was added is written, or could not be. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#writing);
  }

  #endTurn(): void {
    this.#isGrouping = false;
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      const written = this.#writeAll(
        batch.map(({ changes }) => changes),
        batch.some(({ durable }) => durable),
      );
      for (const [at, { settle }] of batch.entries()) {
        settle(written.then((all) => all[at] === true));
      }
    }
  }

  /** The sets that come next, in their order; a large one alone. */
  #take(): Waiting[] {
    let changes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      changes += waiting.changes.length;
      if (count > 0 && changes > MOST_CHANGES) {
        break;
      }
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
