import { CursorError, InputError } from "../errors.ts";
import { type EventKind, type FilterOf, pathOf, type StoredEvent, type StoredOf } from "../store/event-records.ts";
import type { Inbox } from "../store/inbox.ts";
import { type Listener, LiveEvents, type LiveEventsOptions } from "./live-events.ts";

/** What a subscriber gets. */
export interface FeedItem<Kind extends EventKind> {
  /** The event's place, for `since`. */
  readonly cursor: string;
  readonly event: StoredOf<Kind>;
}

export type FeedRequest<Kind extends EventKind> = FilterOf<Kind> & {
  /** Cursor of the last event seen: what came behind it is delivered first. Null or left out: only what comes in. */
  readonly since?: string | null | undefined;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
};

/**
 * Events, to everybody in this process who wants to hear of them, in their order, each once. However many subscribers
 * there are, an event that comes in is read once.
 */
export interface Feed {
  /**
   * Subscribed once this resolves: from then on nothing is missed. The iteration ends with the signal and with `return`;
   * it throws CursorError where events are forgotten before the subscriber comes to them (`expired`), and where one that
   * had caught up leaves more than 1,000 unread (`too-slow`).
   *
   * Throws InputError where `since` is no cursor, CursorError `expired` where not all that came behind it is kept.
   */
  subscribe<Kind extends EventKind>(request: FeedRequest<Kind>): Promise<AsyncIterableIterator<FeedItem<Kind>>>;
  /** There is something new in the inbox. Events of other processes are found without it. */
  wake(): void;
  /** Ends every subscription. */
  close(): void;
}

const BATCH = 200;

export function createFeed({ inbox, ...options }: LiveEventsOptions & { readonly inbox: Inbox }): Feed {
  const live = new LiveEvents({ inbox, ...options });
  const ends = new Set<() => void>();

  return {
    subscribe: async <Kind extends EventKind>(request: FeedRequest<Kind>) => {
      const subscription = new Subscription<Kind>(inbox, live, request);
      await subscription.start(request.since ?? null);
      const end = () => {
        ends.delete(end);
        request.signal.removeEventListener("abort", end);
        subscription.end();
      };
      ends.add(end);
      request.signal.addEventListener("abort", end);
      if (request.signal.aborted) {
        end();
      }
      const items = subscription.items(end);
      const iterator: AsyncIterableIterator<FeedItem<Kind>> = {
        next: () => items.next(),
        // A generator that waits for something hears of `return` only when it goes on.
        return: () => {
          end();
          return items.return(undefined);
        },
        [Symbol.asyncIterator]: () => iterator,
      };
      return iterator;
    },
    wake: () => live.wake(),
    close: () => {
      for (const end of [...ends]) {
        end();
      }
    },
  };
}

/** One subscriber: reads on from the inbox by itself until it has caught up, then is handed what comes in. */
class Subscription<Kind extends EventKind> {
  readonly #inbox: Inbox;
  readonly #live: LiveEvents;
  readonly #filter: FilterOf<Kind>;
  #behind = 0;
  #listener: Listener | null = null;
  #isEnded = false;

  constructor(inbox: Inbox, live: LiveEvents, filter: FilterOf<Kind>) {
    this.#inbox = inbox;
    this.#live = live;
    this.#filter = filter;
  }

  async start(since: string | null): Promise<void> {
    if (since === null) {
      const { sequence } = await this.#inbox.newest();
      this.#join(Math.max(sequence, this.#live.position ?? 0));
      return;
    }
    const place = await this.#inbox.locate(since);
    if (place === null) {
      throw new InputError("since", "since must be a cursor that a subscription or eventCursor gave.");
    }
    if (place.state !== "kept") {
      throw new CursorError("expired");
    }
    this.#behind = place.sequence;
  }

  end(): void {
    this.#isEnded = true;
    if (this.#listener !== null) {
      this.#live.leave(this.#listener);
      this.#listener.wake();
    }
  }

  async *items(end: () => void): AsyncGenerator<FeedItem<Kind>, void> {
    try {
      while (!this.#isEnded) {
        const events = this.#listener === null ? await this.#readOn() : await this.#hear(this.#listener);
        for (const event of events) {
          if (this.#isEnded) {
            return;
          }
          yield { cursor: event.cursor, event: event as StoredOf<Kind> };
        }
      }
    } finally {
      end();
    }
  }

  /** The next events of those that are kept; none where this was the end of them, and the subscriber listens now. */
  async #readOn(): Promise<readonly StoredEvent[]> {
    const read = await this.#inbox.readOn(this.#behind, this.#filter, BATCH);
    if (read === null) {
      throw new CursorError("expired");
    }
    const { events, newest } = read;
    const last = events.at(-1);
    this.#behind = last === undefined ? Math.max(this.#behind, newest) : last.sequence;
    // Where others have been handed more than this read could see, the next read sees it.
    if (last === undefined && !this.#isEnded && (this.#live.position ?? 0) <= this.#behind) {
      this.#join(this.#behind);
    }
    return events;
  }

  #join(behind: number): void {
    this.#listener = { path: pathOf(this.#filter), behind, unread: [], failure: null, wake: () => undefined };
    this.#live.join(this.#listener);
  }

  /** What has come in; waits for it. */
  async #hear(listener: Listener): Promise<readonly StoredEvent[]> {
    if (listener.failure !== null) {
      throw listener.failure;
    }
    const event = listener.unread.shift();
    if (event === undefined) {
      await new Promise<void>((resolve) => {
        listener.wake = resolve;
      });
      return [];
    }
    return [event];
  }
}
