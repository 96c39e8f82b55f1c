import type { Changed } from "../freshness/versions.ts";
import type { JobId } from "../ids.ts";
import type { PidjClient } from "../pidj/client.ts";
import type { Sender } from "../pidj/writes.ts";
import type { ReadScope, WriteKind } from "../rest/calls.ts";
import type { Attempts, Settlement } from "../store/attempts.ts";
import type { AuditLog } from "../store/audit.ts";
import type { ContactDirectory } from "../store/contacts.ts";
import type { Conversations } from "../store/conversations.ts";
import type { Inbox } from "../store/inbox.ts";
import type { OptOuts } from "../store/opt-outs.ts";
import type { OutgoingDetails } from "../store/outgoing-records.ts";
import type { TextizenClient } from "../textizen/client.ts";

/** Where texts are sent from: a group and its number. */
type Line = Pick<OutgoingDetails, "fromPhoneNumber" | "groupId">;

/** Points of a send at which tests let the process crash. */
export type SendPoint = "before-record" | "recorded" | "answered" | "settled";

/** The clients, stores and limits that the writes of one operation use. */
export interface WriteTools {
  readonly pidj: PidjClient;
  readonly textizen: TextizenClient;
  readonly directory: ContactDirectory;
  readonly attempts: Attempts;
  /** Who writes: the id of a caller. */
  readonly caller: string;
  /** The job whose row is being carried out. */
  readonly jobId: JobId | null;
  readonly optOuts: OptOuts;
  readonly inbox: Pick<Inbox, "message" | "outgoing" | "outgoingOf" | "takeNews">;
  readonly conversations: Pick<Conversations, "markRead">;
  /** Number and group of a sender, each null if it is not known without a platform call. */
  readonly lineOf: (from: Sender) => Line;
  /** Counts people that the caller is about to text. Throws RateLimitedError if they are too many for now. */
  readonly takeRecipients: (count: number) => Promise<void>;
  readonly scope: ReadScope;
  readonly now: () => Date;
  /** Milliseconds that one write may take, retries included. */
  readonly leaseMilliseconds: number;
  /** Hosts that a sign-in may redirect to; null for any. */
  readonly ssoNextHosts: readonly string[] | null;
  /**
   * Drops what this operation has read, and raises the versions of what a write may change. `isUnknown`: the outcome is
   * not known, so the change may also happen later.
   */
  readonly raise: (changes: readonly Changed[], options: { readonly isUnknown: boolean }) => Promise<void>;
  /** Who wrote what, for good. */
  readonly audit: Pick<AuditLog, "draft" | "append">;
  /** Counts settled writes. */
  readonly onSettled: (mutation: string, kind: WriteKind, outcome: Settlement["state"]) => void;
  /** Called with failures that follow an accepted write. */
  readonly warn: (message: string, error: unknown) => void;
  /** Called at each of these points; for tests of crashes. */
  readonly pauseAt?: ((point: SendPoint) => Promise<void>) | undefined;
}
