import { CursorError, InputError } from "../errors.ts";
import {
  type CursorPosition,
  type EventKind,
  type FilterOf,
  pathOf,
  type StoredEvent,
  type StoredOf,
} from "../store/event-records.ts";
import type { Inbox } from "../store/inbox.ts";
import { type Listener, LiveEvents, type LiveEventsOptions } from "./live-events.ts";

/** What a subscriber receives. */
export interface FeedItem<Kind extends EventKind> {
  /** The event's position, to be given as `since`. */
  readonly cursor: string;
  readonly event: StoredOf<Kind>;
}

/** An AbortSignal, or what does the same. */
interface Ending {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export type FeedRequest<Kind extends EventKind> = FilterOf<Kind> & {
  /**
   * Cursor of the last event that the subscriber has seen: events after it are delivered first. Null or left out: new
   * events only.
   */
  readonly since?: string | null | undefined;
  /** Ends the subscription. */
  readonly signal: Ending;
};

/**
 * Delivers events to every subscriber of this process, in order, each once. A new event is read once, however many
 * subscribers there are.
 */
export interface Feed {
  /**
   * From when this resolves, the subscriber misses no event. The iteration ends with the signal and with `return`. It
   * throws CursorError `expired` if events were deleted before the subscriber read them, or the store was emptied, and
   * `too-slow` if a subscriber that had caught up has more than 1,000 unread events.
   *
   * Throws InputError if `since` is no cursor, and CursorError `expired` if an event after it is no longer kept.
   */
  subscribe<Kind extends EventKind>(request: FeedRequest<Kind>): Promise<AsyncIterableIterator<FeedItem<Kind>>>;
  /** Says that the inbox has a new event. Events of other processes are found without it. */
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
        // A waiting generator notices `return` only when it continues.
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

/** One subscriber: reads stored events until it has caught up, and receives new events after that. */
class Subscription<Kind extends EventKind> {
  readonly #inbox: Inbox;
  readonly #live: LiveEvents;
  readonly #filter: FilterOf<Kind>;
  #after: CursorPosition = { epoch: "", sequence: 0 };
  #listener: Listener | null = null;
  #isEnded = false;

  constructor(inbox: Inbox, live: LiveEvents, filter: FilterOf<Kind>) {
    this.#inbox = inbox;
    this.#live = live;
    this.#filter = filter;
  }

  async start(since: string | null): Promise<void> {
    if (since === null) {
      const { epoch, sequence } = await this.#inbox.newest();
      this.#join({ epoch, sequence: Math.max(sequence, this.#live.position?.sequence ?? 0) });
      return;
    }
    const place = await this.#inbox.locate(since);
    if (place === null) {
      throw new InputError("since", "since must be a cursor that a subscription or eventCursor gave.");
    }
    if (place.state !== "kept") {
      throw new CursorError("expired");
    }
    this.#after = place;
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
        const events = this.#listener === null ? await this.#readStored() : await this.#takeNew(this.#listener);
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

  /** The next stored events; none if there are no more, and then the subscriber listens for new ones. */
  async #readStored(): Promise<readonly StoredEvent[]> {
    const read = await this.#inbox.readOn(this.#after, this.#filter, BATCH);
    if (read === null) {
      throw new CursorError("expired");
    }
    const { events, newest } = read;
    const last = events.at(-1);
    const { epoch, sequence } = this.#after;
    this.#after = { epoch, sequence: last === undefined ? Math.max(sequence, newest) : last.sequence };
    // If other subscribers have received newer events than this read could see, another read follows.
    if (last === undefined && !this.#isEnded && (this.#live.position?.sequence ?? 0) <= this.#after.sequence) {
      this.#join(this.#after);
    }
    return events;
  }

  #join(after: CursorPosition): void {
    this.#listener = { path: pathOf(this.#filter), after, unread: [], failure: null, wake: () => undefined };
    this.#live.join(this.#listener);
  }

  /** The next new event; waits until there is one. */
  async #takeNew(listener: Listener): Promise<readonly StoredEvent[]> {
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
