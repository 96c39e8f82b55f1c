import { CursorError } from "../errors.ts";
import { type CursorPosition, pathsOf, type StoredEvent } from "../store/event-records.ts";
import type { Inbox } from "../store/inbox.ts";

/** A subscriber that receives new events. */
export interface Listener {
  /** Path of the filter of the events that it receives: see `pathOf`. */
  readonly path: string;
  /** The listener receives events behind this position. */
  readonly after: CursorPosition;
  unread: StoredEvent[];
  /** Why the listener receives nothing more. */
  failure: CursorError | null;
  /** Called whenever `unread` or `failure` changes. */
  wake: () => void;
}

export interface LiveEventsOptions {
  readonly inbox: Pick<Inbox, "readOn">;
  /** While there are listeners, the inbox is read for events of other processes every so many milliseconds. */
  readonly lookMilliseconds: number;
  /** Called when the inbox cannot be read; called again only after it could be read in between. */
  readonly warn: (message: string, error: unknown) => void;
}

const MOST_UNREAD = 1_000;
const BATCH = 200;

/**
 * Reads each new event once, whichever process wrote it, and delivers it to the listeners whose filter lets it through.
 * A listener with 1,000 unread events is ended; the events stay in the inbox.
 */
export class LiveEvents {
  readonly #options: LiveEventsOptions;
  // By path, so that an event is offered only to listeners that want it.
  readonly #listeners = new Map<string, Set<Listener>>();
  #position: CursorPosition | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isReading = false;
  #mayHaveMore = false;
  #isFailing = false;

  constructor(options: LiveEventsOptions) {
    this.#options = options;
  }

  /** All events up to this one were delivered; null while there is no listener. */
  get position(): CursorPosition | null {
    return this.#position;
  }

  /** Delivers events after `listener.after`, which must not be before `position`. */
  join(listener: Listener): void {
    if (this.#position !== null && this.#position.epoch !== listener.after.epoch) {
      // The store was emptied, and one of them does not know it yet.
      this.#failAll(new CursorError("expired"));
      this.#fail(listener, new CursorError("expired"));
      return;
    }
    const group = this.#listeners.get(listener.path) ?? new Set();
    this.#listeners.set(listener.path, group.add(listener));
    this.#position ??= listener.after;
    this.#timer ??= setInterval(() => this.wake(), this.#options.lookMilliseconds).unref();
    // Reads what was stored between the listener's own last read and now.
    this.wake();
  }

  leave(listener: Listener): void {
    const group = this.#listeners.get(listener.path);
    group?.delete(listener);
    if (group?.size === 0) {
      this.#listeners.delete(listener.path);
    }
    if (this.#listeners.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
      this.#position = null;
    }
  }

  /** Reads the inbox, because there may be new events. */
  wake(): void {
    this.#mayHaveMore = true;
    if (!this.#isReading) {
      this.#isReading = true;
      void this.#readNew();
    }
  }

  async #readNew(): Promise<void> {
    try {
      while (this.#mayHaveMore && this.#position !== null) {
        this.#mayHaveMore = false;
        await this.#readBatch(this.#position);
      }
      this.#isFailing = false;
    } catch (error) {
      // The next `wake` tries again.
      if (!this.#isFailing) {
        this.#options.warn("new events could not be read", error);
      }
      this.#isFailing = true;
    } finally {
      this.#isReading = false;
    }
  }

  async #readBatch(from: CursorPosition): Promise<void> {
    const read = await this.#options.inbox.readOn(from, null, BATCH);
    if (this.#position !== from) {
      // All listeners left during the read, and those that joined since have another position.
      this.#mayHaveMore = true;
      return;
    }
    if (read === null) {
      this.#failAll(new CursorError("expired"));
      return;
    }
    const sequence = read.events.at(-1)?.sequence ?? from.sequence;
    this.#position = { ...from, sequence };
    this.#mayHaveMore ||= read.newest > sequence;
    for (const event of read.events) {
      this.#deliver(event);
    }
  }

  #deliver(event: StoredEvent): void {
    for (const path of pathsOf(event)) {
      for (const listener of this.#listeners.get(path) ?? []) {
        if (event.sequence <= listener.after.sequence) {
          continue;
        }
        if (listener.unread.length === MOST_UNREAD) {
          this.#fail(listener, new CursorError("too-slow"));
        } else {
          listener.unread.push(event);
          listener.wake();
        }
      }
    }
  }

  #failAll(failure: CursorError): void {
    for (const group of [...this.#listeners.values()]) {
      for (const listener of group) {
        this.#fail(listener, failure);
      }
    }
  }

  #fail(listener: Listener, failure: CursorError): void {
    this.leave(listener);
    listener.unread = [];
    listener.failure = failure;
    listener.wake();
  }
}
