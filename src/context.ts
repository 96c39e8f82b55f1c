import type { Caller } from "./access/caller.ts";
import type { Feed } from "./events/feed.ts";
import type { Versions } from "./freshness/versions.ts";
import { EventLoaders } from "./loaders/events.ts";
import type { KeptRecord } from "./loaders/list-view.ts";
import { PeopleLoaders } from "./loaders/people.ts";
import { type PidjLists, PidjLoaders } from "./loaders/pidj.ts";
import { type TextizenLists, TextizenLoaders } from "./loaders/textizen.ts";
import type { PidjClient } from "./pidj/client.ts";
import { type CallRecord, ReadScope } from "./rest/calls.ts";
import type { Attempts } from "./store/attempts.ts";
import type { ContactDirectory } from "./store/contacts.ts";
import type { Inbox } from "./store/inbox.ts";
import type { OptOuts } from "./store/opt-outs.ts";
import type { TextizenClient } from "./textizen/client.ts";
import type { SendPoint, WriteTools } from "./writes/tools.ts";

export type { FeedItem } from "./events/feed.ts";
export type { CompletedPollRecord } from "./loaders/events.ts";
export type { Page } from "./loaders/paging.ts";
export type { StoredMessage } from "./store/event-records.ts";

/** What lives as long as the process and every operation shares. */
export interface Services {
  readonly pidj: { readonly client: PidjClient; readonly lists: PidjLists; readonly hasContactList: boolean };
  readonly textizen: { readonly client: TextizenClient; readonly lists: TextizenLists };
  readonly directory: ContactDirectory;
  readonly attempts: Attempts;
  readonly optOuts: OptOuts;
  readonly inbox: Inbox;
  /** Events as they come in, for subscriptions. */
  readonly feed: Feed;
  /** What has changed since something was read. */
  readonly versions: Versions;
  /** Throws ForbiddenError if the caller may not have records of the type. */
  readonly requireType: (type: string, caller: Caller) => void;
  readonly now: () => Date;
  /** For how long one write may be under way, in milliseconds. */
  readonly writeLeaseMilliseconds: number;
  /** Hosts that a sign-in may lead on to; null for any. */
  readonly ssoNextHosts: readonly string[] | null;
  /** Told of what went wrong behind an operation that itself goes on. */
  readonly warn: (message: string, error: unknown) => void;
  /** Waits at a named point of every send; for tests of crashes. */
  readonly pauseAt?: ((point: SendPoint) => Promise<void>) | undefined;
}

export interface OperationOptions {
  /** Ends the operation's reads. */
  readonly signal: AbortSignal;
  /** When the operation's time is over, on `performance.now()`'s clock: later once it is known for a mutation. */
  readonly deadline: () => number;
  /** Read past every kept list, and join no read under way. */
  readonly fresh: boolean;
  readonly caller: Caller;
  /** Cursor of the last event that a subscriber saw, if its transport says so: it replaces the argument `since`. */
  readonly resumeAfter?: string | null;
}

/**
 * One operation: who it reads for, until when, what it has read and how it writes. Made for it, gone with it.
 */
export class Context {
  readonly services: Services;
  readonly caller: Caller;
  readonly scope: ReadScope;
  readonly resumeAfter: string | null;
  private readonly made: (CallRecord | KeptRecord)[] = [];
  private readonly onKept = (list: KeptRecord) => void this.made.push(list);
  private pidjLoaders: PidjLoaders | null = null;
  private textizenLoaders: TextizenLoaders | null = null;
  private peopleLoaders: PeopleLoaders | null = null;
  private eventLoaders: EventLoaders | null = null;

  constructor(services: Services, { signal, deadline, fresh, caller, resumeAfter = null }: OperationOptions) {
    this.services = services;
    this.caller = caller;
    this.scope = new ReadScope({ signal, deadline, isFresh: fresh, record: (call) => this.made.push(call) });
    this.resumeAfter = resumeAfter;
  }

  /** Throws ForbiddenError if the caller may not have records of the type, whatever field they would come by. */
  requireType(type: string): void {
    this.services.requireType(type, this.caller);
  }

  /** The platform calls made so far, in the order in which they ended, and the lists served from what is kept. */
  get calls(): readonly (CallRecord | KeptRecord)[] {
    return this.made;
  }

  get pidj(): PidjLoaders {
    const { pidj, directory, now } = this.services;
    this.pidjLoaders ??= new PidjLoaders(pidj.client, pidj.lists, this.scope, {
      now,
      onKept: this.onKept,
      onContacts: directory.learnLater,
    });
    return this.pidjLoaders;
  }

  get textizen(): TextizenLoaders {
    const { textizen } = this.services;
    this.textizenLoaders ??= new TextizenLoaders(textizen.client, textizen.lists, this.scope, { onKept: this.onKept });
    return this.textizenLoaders;
  }

  get people(): PeopleLoaders {
    const { directory, now } = this.services;
    this.peopleLoaders ??= new PeopleLoaders(directory, this.pidj, this.textizen, this.scope, now);
    return this.peopleLoaders;
  }

  get events(): EventLoaders {
    this.eventLoaders ??= new EventLoaders(this.services.inbox, this.services.optOuts);
    return this.eventLoaders;
  }

  /** What the operation's mutations work with. */
  get writes(): WriteTools {
    const { pidj, textizen, directory, attempts, optOuts, now, warn, pauseAt, writeLeaseMilliseconds } = this.services;
    return {
      pidj: pidj.client,
      textizen: textizen.client,
      directory,
      attempts,
      optOuts,
      scope: this.scope,
      now,
      leaseMilliseconds: writeLeaseMilliseconds,
      ssoNextHosts: this.services.ssoNextHosts,
      raise: (changes, options) => {
        this.forgetReads();
        return this.services.versions.raise(changes, options);
      },
      warn,
      pauseAt,
    };
  }

  /** What this operation read before a write of its own is read anew behind it. */
  private forgetReads(): void {
    this.pidjLoaders = null;
    this.textizenLoaders = null;
    this.peopleLoaders = null;
    this.eventLoaders = null;
  }
}
