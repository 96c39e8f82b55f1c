import DataLoader from "dataloader";
import { InputError } from "../errors.ts";
import type { CompletedPollId, PollId, ReceivedMessageId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { EventKind, FilterOf, StoredMessage, StoredOf, StoredPollReport } from "../store/event-records.ts";
import type { Inbox } from "../store/inbox.ts";
import type { OptOut, OptOuts } from "../store/opt-outs.ts";
import { QUICK } from "../store/store.ts";
import type { PollResponseRecord } from "../textizen/records.ts";
import { Page, type PageArguments, requirePageSize } from "./paging.ts";

/** A stored report, with its answers as records. */
export type CompletedPollRecord = Omit<StoredPollReport, "responses"> & {
  readonly responses: readonly PollResponseRecord[];
};

/** The received events, as one operation reads them. */
export class EventLoaders {
  readonly #inbox: Inbox;
  readonly #optOuts: DataLoader<E164, OptOut | null>;
  #newest: ReturnType<Inbox["newest"]> | null = null;

  constructor(inbox: Inbox, optOuts: OptOuts) {
    this.#inbox = inbox;
    this.#optOuts = new DataLoader((numbers) => optOuts.states(numbers, QUICK));
  }

  /** Null if the number may be texted. */
  optOut(number: E164): Promise<OptOut | null> {
    return this.#optOuts.load(number);
  }

  message(id: ReceivedMessageId): Promise<StoredMessage | null> {
    return this.#inbox.message(id);
  }

  async completedPoll(id: CompletedPollId): Promise<CompletedPollRecord | null> {
    const report = await this.#inbox.completedPoll(id);
    return report && toCompletedPoll(report);
  }

  /** The record of a report that the feed delivers. */
  reported(report: StoredPollReport): CompletedPollRecord {
    return toCompletedPoll(report);
  }

  /** Newest first. */
  messages(args: PageArguments, filter: Omit<FilterOf<"ReceivedMessage">, "kind">): Promise<Page<StoredMessage>> {
    return this.#page(args, { ...filter, kind: "ReceivedMessage" }, (message) => message);
  }

  /** Newest first. */
  completedPolls(args: PageArguments, pollId: PollId | null): Promise<Page<CompletedPollRecord>> {
    return this.#page(args, { kind: "CompletedPoll", pollId }, toCompletedPoll);
  }

  /**
   * The newest event that this operation's lists may contain. A later event is delivered to a subscription that begins
   * at this position, so it must not be in a list too.
   */
  async newestCursor(): Promise<string> {
    return (await this.#readNewest()).cursor;
  }

  #readNewest(): ReturnType<Inbox["newest"]> {
    this.#newest ??= this.#inbox.newest();
    return this.#newest;
  }

  async #page<Kind extends EventKind, Row extends { readonly cursor: string }>(
    args: PageArguments,
    filter: FilterOf<Kind>,
    toRow: (event: StoredOf<Kind>) => Row,
  ): Promise<Page<Row>> {
    const { count, backwards } = requirePageSize(args);
    const newest = await this.#readNewest();
    const [after, newerThan] = await Promise.all([
      this.#requirePlace("after", args.after),
      this.#requirePlace("before", args.before),
    ]);
    const olderThan = Math.min(after ?? Number.POSITIVE_INFINITY, newest.sequence + 1);
    const [events, totalCount] = await Promise.all([
      this.#inbox.list<Kind>(filter, { olderThan, newerThan, limit: count + 1, fromOldest: backwards }),
      this.#inbox.count(filter),
    ]);
    const hasMore = events.length > count;
    const shown = backwards ? events.slice(hasMore ? 1 : 0) : events.slice(0, count);
    return new Page(shown.map(toRow), {
      totalCount,
      hasNextPage: backwards ? newerThan !== null : hasMore,
      hasPreviousPage: backwards ? hasMore : after !== null,
      cursorOf: ({ cursor }) => cursor,
    });
  }

  /** A cursor whose event was deleted is still a position: all events that are kept are newer. */
  async #requirePlace(argument: string, cursor: string | null | undefined): Promise<number | null> {
    if (cursor === null || cursor === undefined) {
      return null;
    }
    const place = await this.#inbox.locate(cursor);
    if (place === null || place.state === "foreign") {
      throw new InputError(argument, `${argument} must be a cursor that this list gave.`);
    }
    return place.sequence;
  }
}

function toCompletedPoll(report: StoredPollReport): CompletedPollRecord {
  const responses = report.responses.map(({ createdAt, ...response }) => {
    return { ...response, createdAt: createdAt === null ? null : new Date(createdAt) };
  });
  return { ...report, responses };
}
