import type { Changed } from "../freshness/versions.ts";
import type { PidjClient } from "../pidj/client.ts";
import type { ReadScope } from "../rest/calls.ts";
import type { Attempts } from "../store/attempts.ts";
import type { ContactDirectory } from "../store/contacts.ts";
import type { OptOuts } from "../store/opt-outs.ts";
import type { TextizenClient } from "../textizen/client.ts";

/** The places of a send at which a crash makes a difference. */
export type SendPoint = "before-record" | "recorded" | "answered" | "settled";

/** What every write of one operation works with. */
export interface WriteTools {
  readonly pidj: PidjClient;
  readonly textizen: TextizenClient;
  readonly directory: ContactDirectory;
  readonly attempts: Attempts;
  readonly optOuts: OptOuts;
  readonly scope: ReadScope;
  readonly now: () => Date;
  /** For how long one write may be under way, retries included, in milliseconds. */
  readonly leaseMilliseconds: number;
  /** Hosts that a sign-in may lead on to; null for any. */
  readonly ssoNextHosts: readonly string[] | null;
  /**
   * Drops what this operation has read, and raises the versions of what a write may change. `isUnknown`: nobody knows
   * whether it has, so it may also happen later.
   */
  readonly raise: (changes: readonly Changed[], options: { readonly isUnknown: boolean }) => Promise<void>;
  /** Told of what went wrong behind a write that itself was accepted. */
  readonly warn: (message: string, error: unknown) => void;
  /** Waits at a named point; for tests of crashes. */
  readonly reach?: ((point: SendPoint) => Promise<void>) | undefined;
}
