import { CursorError } from "../errors.ts";
import { pathsOf, type StoredEvent } from "../store/event-records.ts";
import type { Inbox } from "../store/inbox.ts";

/** Somebody who is handed events as they come. */
export interface Listener {
  /** Of the filter of what is wanted: see `pathOf`. */
  readonly path: string;
  /** The sequence number of the last event that is not wanted any more. */
  readonly behind: number;
  unread: StoredEvent[];
  /** Why nothing more is handed on. */
  failure: CursorError | null;
  /** Called whenever there is something unread, or a failure. */
  wake: () => void;
}

export interface LiveEventsOptions {
  readonly inbox: Pick<Inbox, "readOn">;
  /** How often the inbox is asked for events of other processes, while somebody listens; in milliseconds. */
  readonly lookMilliseconds: number;
  /** Told when the inbox cannot be read, once until it can again. */
  readonly warn: (message: string, error: unknown) => void;
}

const MOST_UNREAD = 1_000;
const BATCH = 200;

/**
 * Reads each new event once, whoever wrote it, and hands it to those who want it. A listener with 1,000 unread events is
 * given up: what it has not read stays in the inbox.
 */
export class LiveEvents {
  readonly #options: LiveEventsOptions;
  // By path, so that nobody is looked at for an event that they do not want.
  readonly #listeners = new Map<string, Set<Listener>>();
  #position: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isReading = false;
  #isAwaited = false;
  #isFailing = false;

  constructor(options: LiveEventsOptions) {
    this.#options = options;
  }

  /** Everything up to this sequence number has been handed on; null while nobody listens. */
  get position(): number | null {
    return this.#position;
  }

  /** Hands on what comes behind `listener.behind`, which must not be less than `position`. */
  join(listener: Listener): void {
    const group = this.#listeners.get(listener.path) ?? new Set();
    this.#listeners.set(listener.path, group.add(listener));
    this.#position ??= listener.behind;
    this.#timer ??= setInterval(() => this.wake(), this.#options.lookMilliseconds).unref();
    // For what came between the listener's own reading and now.
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

  /** There may be something new. */
  wake(): void {
    this.#isAwaited = true;
    if (!this.#isReading) {
      this.#isReading = true;
      void this.#readOn();
    }
  }

  async #readOn(): Promise<void> {
    try {
      while (this.#isAwaited && this.#position !== null) {
        this.#isAwaited = false;
        await this.#readBatch(this.#position);
      }
      this.#isFailing = false;
    } catch (error) {
      // The next look tries again.
      if (!this.#isFailing) {
        this.#options.warn("new events could not be read", error);
      }
      this.#isFailing = true;
    } finally {
      this.#isReading = false;
    }
  }

  async #readBatch(from: number): Promise<void> {
    const read = await this.#options.inbox.readOn(from, null, BATCH);
    if (this.#position !== from) {
      // Everybody left meanwhile, and whoever has come since is elsewhere.
      this.#isAwaited = true;
      return;
    }
    if (read === null) {
      this.#failAll(new CursorError("expired"));
      return;
    }
    const reached = read.events.at(-1)?.sequence ?? from;
    this.#position = reached;
    this.#isAwaited ||= read.newest > reached;
    for (const event of read.events) {
      this.#handOn(event);
    }
  }

  #handOn(event: StoredEvent): void {
    for (const path of pathsOf(event)) {
      for (const listener of this.#listeners.get(path) ?? []) {
        if (event.sequence <= listener.behind) {
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
