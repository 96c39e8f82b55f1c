import type { Caller } from "./access/caller.ts";
import type { Feed } from "./events/feed.ts";
import type { Versions } from "./freshness/versions.ts";
import type { JobId } from "./ids.ts";
import type { JobDefaults } from "./job-defaults.ts";
import { ConversationLoaders } from "./loaders/conversations.ts";
import type { DetailWidth } from "./loaders/detail-width.ts";
import { EventLoaders } from "./loaders/events.ts";
import type { KeptRecord } from "./loaders/list-view.ts";
import type { Page, PageArguments } from "./loaders/paging.ts";
import { PeopleLoaders } from "./loaders/people.ts";
import { lineOf, type PidjLists, PidjLoaders } from "./loaders/pidj.ts";
import { type TextizenLists, TextizenLoaders } from "./loaders/textizen.ts";
import { unknownAttemptsPage } from "./loaders/unknown-attempts.ts";
import { Meter, type MeterLimits } from "./meter.ts";
import type { Region } from "./phone.ts";
import type { PidjClient } from "./pidj/client.ts";
import { type CallRecord, ReadScope, type SharedRecord, type StopSignal } from "./rest/calls.ts";
import type { FailureLog } from "./rest/failure-log.ts";
import type { KeptDetails } from "./rest/kept-details.ts";
import type { AttemptRecord, Attempts } from "./store/attempts.ts";
import type { AuditLog } from "./store/audit.ts";
import type { ContactDirectory } from "./store/contacts.ts";
import type { Conversations } from "./store/conversations.ts";
import type { Inbox } from "./store/inbox.ts";
import type { Jobs } from "./store/jobs.ts";
import type { OptOuts } from "./store/opt-outs.ts";
import type { TakeTurn } from "./store/turns.ts";
import type { TextizenClient } from "./textizen/client.ts";
import type { SendPoint, WriteTools } from "./writes/tools.ts";

export type { FeedItem } from "./events/feed.ts";
export type { ConversationRecord } from "./loaders/conversations.ts";
export type { CompletedPollRecord } from "./loaders/events.ts";
export type { Page } from "./loaders/paging.ts";
export type { FoundPerson, SearchGap } from "./loaders/people-search.ts";
export type { LoggedFailure } from "./rest/failure-log.ts";
export type { BreakerView } from "./rest/guard.ts";
export type { AttemptRecord } from "./store/attempts.ts";
export type { StoredMessage, StoredOutgoing } from "./store/event-records.ts";
export type { StoredTalk } from "./store/inbox.ts";

/** What all operations of the process share. */
export interface Services {
  readonly pidj: {
    readonly client: PidjClient;
    readonly lists: PidjLists;
    readonly hasContactList: boolean;
    readonly isConfigured: boolean;
    readonly width: DetailWidth;
  };
  readonly textizen: { readonly client: TextizenClient; readonly lists: TextizenLists; readonly width: DetailWidth };
  /** The latest failures of this process's platform calls. */
  readonly failures: Pick<FailureLog, "list">;
  /** Records that were read by id, of both platforms. */
  readonly details: KeptDetails;
  readonly directory: ContactDirectory;
  readonly attempts: Attempts;
  readonly optOuts: OptOuts;
  /** For work that one of several processes does. */
  readonly takeTurn: TakeTurn;
  readonly inbox: Inbox;
  readonly conversations: Conversations;
  readonly jobs: Jobs;
  readonly jobDefaults: JobDefaults;
  readonly audit: AuditLog;
  /** Counts settled writes. */
  readonly onSettled: WriteTools["onSettled"];
  /** New events, for subscriptions. */
  readonly feed: Feed;
  /** Versions of lists and platforms, to tell whether something read earlier is still good. */
  readonly versions: Versions;
  /** Counts people that the caller is about to text. Throws RateLimitedError if they are too many for now. */
  readonly takeRecipients: (caller: Caller, count: number) => Promise<void>;
  /** Deletes what is kept of callers whose limits are all there again. Throws StoreError. */
  readonly forgetFullBuckets: () => Promise<void>;
  /** Throws ForbiddenError if the caller may not read records of the type. */
  readonly requireType: (type: string, caller: Caller) => void;
  readonly mayRead: (type: string, caller: Caller) => boolean;
  /** Whether answers list their platform calls, and the running ones that they joined. */
  readonly listsCalls: boolean;
  readonly now: () => Date;
  /** Whose national form numbers have that people search for. */
  readonly defaultRegion: Region;
  /** Milliseconds that one write may take. */
  readonly writeLeaseMilliseconds: number;
  /** Hosts that a sign-in may redirect to; null for any. */
  readonly ssoNextHosts: readonly string[] | null;
  /** Called with failures that do not fail the operation. */
  readonly warn: (message: string, error: unknown) => void;
  /** Called at points of every send; for tests of crashes. */
  readonly pauseAt?: ((point: SendPoint) => Promise<void>) | undefined;
}

export interface OperationOptions {
  /** Ends the operation's reads. */
  readonly signal: StopSignal;
  /** The operation's deadline on the clock of `performance.now()`. */
  readonly deadline: () => number;
  /** True if the operation must use no kept list and join no running read. */
  readonly fresh: boolean;
  /** What it may cost before it is stopped. */
  readonly limits: MeterLimits;
  readonly caller: Caller;
  /** Called with every platform call when it has ended. */
  readonly onCall?: (call: CallRecord) => void;
  /** Cursor of the last event that a subscriber saw, if its transport has one. It replaces the argument `since`. */
  readonly resumeAfter?: string | null;
  /** The job whose row it carries out. */
  readonly jobId?: JobId;
}

/** One operation: its loaders, its deadline, and what its writes use. Made for the operation and dropped with it. */
export class Context {
  readonly services: Services;
  readonly caller: Caller;
  readonly scope: ReadScope;
  readonly resumeAfter: string | null;
  readonly meter: Meter;
  private readonly jobId: JobId | null;
  private readonly made: (CallRecord | KeptRecord | SharedRecord)[] = [];
  private readonly onCall: ((call: CallRecord) => void) | undefined;
  private callsMade = 0;
  private readonly record = (call: CallRecord) => {
    this.callsMade += 1;
    this.made.push(call);
    this.onCall?.(call);
  };
  private readonly onKept = (list: KeptRecord) => void this.made.push(list);
  private pidjLoaders: PidjLoaders | null = null;
  private textizenLoaders: TextizenLoaders | null = null;
  private peopleLoaders: PeopleLoaders | null = null;
  private eventLoaders: EventLoaders | null = null;
  private conversationLoaders: ConversationLoaders | null = null;

  constructor(services: Services, options: OperationOptions) {
    const { signal, deadline, fresh, caller, limits, resumeAfter = null, jobId = null } = options;
    this.services = services;
    this.onCall = options.onCall;
    this.caller = caller;
    // In production no answer lists its calls.
    const onShared = services.listsCalls ? (read: SharedRecord) => void this.made.push(read) : undefined;
    this.scope = new ReadScope({ signal, deadline, isFresh: fresh, record: this.record, onShared });
    this.resumeAfter = resumeAfter;
    this.jobId = jobId;
    this.meter = new Meter(limits, signal, () => this.callsMade);
  }

  /** Throws ForbiddenError if the caller may not read records of the type, by whatever field. */
  requireType(type: string): void {
    this.services.requireType(type, this.caller);
  }

  /** The platform calls made so far, in the order of their ends, the kept lists that were served, and the running reads that were joined. */
  get calls(): readonly (CallRecord | KeptRecord | SharedRecord)[] {
    return this.made;
  }

  /** Whether the caller may read records of the type. */
  mayRead(type: string): boolean {
    return this.services.mayRead(type, this.caller);
  }

  get pidj(): PidjLoaders {
    const { pidj, details, directory, now } = this.services;
    this.pidjLoaders ??= new PidjLoaders(pidj.client, pidj.lists, this.scope, {
      now,
      details,
      hasContactList: pidj.hasContactList,
      width: pidj.width,
      onKept: this.onKept,
      onContacts: directory.learnLater,
    });
    return this.pidjLoaders;
  }

  get textizen(): TextizenLoaders {
    const { textizen, details } = this.services;
    this.textizenLoaders ??= new TextizenLoaders(textizen.client, textizen.lists, this.scope, {
      details,
      width: textizen.width,
      onKept: this.onKept,
    });
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

  get conversations(): ConversationLoaders {
    const { inbox, conversations, attempts, now } = this.services;
    this.conversationLoaders ??= new ConversationLoaders({
      inbox,
      conversations,
      attempts,
      events: this.events,
      now,
    });
    return this.conversationLoaders;
  }

  /** Attempts of unknown outcome, newest first. */
  unknownAttempts(args: PageArguments): Promise<Page<AttemptRecord>> {
    return unknownAttemptsPage(this.services.attempts, args);
  }

  /** What the operation's mutations use. */
  get writes(): WriteTools {
    const { pidj, textizen, directory, attempts, optOuts, now, warn, pauseAt, writeLeaseMilliseconds } = this.services;
    return {
      pidj: pidj.client,
      textizen: textizen.client,
      directory,
      attempts,
      caller: this.caller.id,
      jobId: this.jobId,
      audit: this.services.audit,
      onSettled: this.services.onSettled,
      optOuts,
      inbox: this.services.inbox,
      conversations: this.services.conversations,
      lineOf: (from) => lineOf(pidj.lists, from),
      takeRecipients: (count) => this.services.takeRecipients(this.caller, count),
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

  /** After a write, the operation reads again what it had read before. */
  private forgetReads(): void {
    this.pidjLoaders = null;
    this.textizenLoaders = null;
    this.peopleLoaders = null;
    this.eventLoaders = null;
    this.conversationLoaders = null;
  }
}
