import DataLoader from "dataloader";
import { InputError } from "../errors.ts";
import type { CompletedPollId, PollId, ReceivedMessageId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { FilterOf, StoredMessage, StoredOf, StoredPollReport } from "../store/event-records.ts";
import type { Inbox, ListedKind } from "../store/inbox.ts";
import type { EventRange } from "../store/inbox-state.ts";
import type { OptOut, OptOuts } from "../store/opt-outs.ts";
import { QUICK } from "../store/store.ts";
import type { PollResponseRecord } from "../textizen/records.ts";
import { Page, type PageArguments, requirePageSize } from "./paging.ts";

/** A stored report, with its answers as records. */
export type CompletedPollRecord = Omit<StoredPollReport, "responses"> & {
  readonly responses: readonly PollResponseRecord[];
};

/** A list of what the inbox keeps, newest first. */
interface EventListing<Row> {
  /** Whether the list must not contain what came after this operation began to read. */
  readonly isOfItsTime: boolean;
  readonly list: (range: EventRange) => Promise<readonly Row[]>;
  readonly count: () => Promise<number>;
  readonly cursorOf: (row: Row) => string;
}

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
    this.#newest ??= this.#inbox.takeNews().then(() => this.#inbox.newest());
    return this.#newest;
  }

  #page<Kind extends ListedKind, Row extends { readonly cursor: string }>(
    args: PageArguments,
    filter: FilterOf<Kind>,
    toRow: (event: StoredOf<Kind>) => Row,
  ): Promise<Page<Row>> {
    return this.page(args, {
      isOfItsTime: true,
      list: async (range) => (await this.#inbox.list<Kind>(filter, range)).map(toRow),
      count: () => this.#inbox.count(filter),
      cursorOf: ({ cursor }) => cursor,
    });
  }

  /** A page of any list whose cursors are positions among the events. */
  async page<Row>(
    args: PageArguments,
    { isOfItsTime, list, count: countAll, cursorOf }: EventListing<Row>,
  ): Promise<Page<Row>> {
    const { count, backwards } = requirePageSize(args);
    const newest = await this.#readNewest();
    const [after, newerThan] = await Promise.all([
      this.#requirePlace("after", args.after),
      this.#requirePlace("before", args.before),
    ]);
    const olderThan = isOfItsTime ? Math.min(after ?? Number.POSITIVE_INFINITY, newest.sequence + 1) : after;
    const [events, totalCount] = await Promise.all([
      list({ olderThan, newerThan, limit: count + 1, fromOldest: backwards }),
      countAll(),
    ]);
    const hasMore = events.length > count;
    const shown = backwards ? events.slice(hasMore ? 1 : 0) : events.slice(0, count);
    return new Page(shown, {
      totalCount,
      hasNextPage: backwards ? newerThan !== null : hasMore,
      hasPreviousPage: backwards ? hasMore : after !== null,
      cursorOf,
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
