import DataLoader from "dataloader";
import { type ConversationId, conversationId, type OutgoingMessageId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { Attempts } from "../store/attempts.ts";
import type { ConversationFilter, Conversations, StoredConversation } from "../store/conversations.ts";
import type { StoredOutgoing } from "../store/event-records.ts";
import type { Inbox, StoredTalk } from "../store/inbox.ts";
import type { EventLoaders } from "./events.ts";
import type { Page, PageArguments } from "./paging.ts";

/** A conversation with its newest message. */
export interface ConversationRecord {
  readonly id: ConversationId;
  readonly phoneNumber: E164;
  readonly unreadCount: number;
  readonly messageCount: number;
  readonly latest: StoredTalk;
}

interface ConversationSources {
  readonly inbox: Inbox;
  readonly conversations: Conversations;
  readonly attempts: Pick<Attempts, "find">;
  /** The same operation's. */
  readonly events: EventLoaders;
  readonly now: () => Date;
}

/** Conversations, as one operation reads them: with all that sends had recorded when it began to read. */
export class ConversationLoaders {
  readonly #sources: ConversationSources;
  readonly #byNumber: DataLoader<E164, ConversationRecord | null>;

  constructor(sources: ConversationSources) {
    this.#sources = sources;
    this.#byNumber = new DataLoader(async (numbers) => {
      await sources.events.newestCursor();
      return this.#withLatest(await sources.conversations.find(numbers));
    });
  }

  /** Null if no message from or to the number is kept. */
  find(number: E164): Promise<ConversationRecord | null> {
    return this.#byNumber.load(number);
  }

  /** Null if no text has this id, or if it was deleted. */
  async outgoing(id: OutgoingMessageId): Promise<StoredOutgoing | null> {
    const { inbox, events } = this.#sources;
    await events.newestCursor();
    const [text = null] = await this.#settled(async () => [await inbox.outgoing(id)]);
    return text;
  }

  /** The text of an attempt without a final outcome, by the attempt's owner. Null if it has none. */
  async outgoingOf(owner: string): Promise<StoredOutgoing | null> {
    await this.#sources.events.newestCursor();
    const id = await this.#sources.inbox.outgoingOf(owner);
    return id && this.outgoing(id);
  }

  /** The one with the newest message first. */
  list(args: PageArguments, filter: ConversationFilter): Promise<Page<ConversationRecord>> {
    const { conversations, events } = this.#sources;
    return events.page(args, {
      // A conversation that has a newer message by now is still a conversation.
      isOfItsTime: false,
      list: async (range) => {
        const records = await this.#withLatest(await conversations.list(filter, range));
        return records.filter((record) => record !== null);
      },
      count: () => conversations.count(filter),
      cursorOf: ({ latest }) => latest.cursor,
    });
  }

  /** Newest first. */
  messages({ phoneNumber, messageCount }: ConversationRecord, args: PageArguments): Promise<Page<StoredTalk>> {
    const { inbox, events } = this.#sources;
    return events.page(args, {
      isOfItsTime: true,
      list: async (range) => {
        const messages = await this.#settled(() => inbox.talk(phoneNumber, range));
        return messages.filter((message) => message !== null);
      },
      count: async () => messageCount,
      cursorOf: ({ cursor }) => cursor,
    });
  }

  async #withLatest(rows: readonly (StoredConversation | null)[]): Promise<(ConversationRecord | null)[]> {
    const found = rows.filter((row) => row !== null);
    const latest = await this.#settled(() => this.#sources.inbox.talkAt(found.map((row) => row.latest)));
    const byNumber = new Map(found.map(({ number }, at) => [number, latest[at] ?? null]));
    return rows.map((row) => {
      const message = row && (byNumber.get(row.number) ?? null);
      return row && message && toRecord(row, message);
    });
  }

  /**
   * Messages in which no text is without an outcome whose time for it has ended: its attempt is asked first, which records
   * that the outcome is unknown.
   */
  async #settled<Talk extends StoredTalk>(read: () => Promise<(Talk | null)[]>): Promise<(Talk | null)[]> {
    const { inbox, attempts, now } = this.#sources;
    const messages = await read();
    const keys = messages.flatMap((message) =>
      message?.kind === "OutgoingMessage" && message.state === "IN_PROGRESS" && message.leaseEndsAt <= now().getTime()
        ? [message.idempotencyKey]
        : [],
    );
    if (keys.length === 0) {
      return messages;
    }
    for (const key of new Set(keys)) {
      await attempts.find(key);
    }
    await inbox.takeNews();
    return read();
  }
}

function toRecord(row: StoredConversation, latest: StoredTalk): ConversationRecord {
  return {
    id: conversationId(row.number),
    phoneNumber: row.number,
    unreadCount: row.unread,
    messageCount: row.messages,
    latest,
  };
}
