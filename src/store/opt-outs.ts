import type { E164 } from "../phone.ts";
import type { ReadOptions, Store } from "./store.ts";
import { createUpdate, type Draft, decodeRow } from "./update.ts";

/** Whether the person texted it (`RECEIVED`) or `setOptOut` wrote it (`WRITTEN`). */
type OptOutSource = "RECEIVED" | "WRITTEN";

/** A decision whether a number may be texted, with its source and reason. */
interface OptOutDecision {
  readonly isOptedOut: boolean;
  readonly source: OptOutSource;
  readonly reason: string;
  /** Id of the caller who decided it; absent if the person did, and in rows that are older than this property. */
  readonly decidedBy?: string;
}

/** The state of a number that must not be texted. */
export interface OptOut {
  readonly optedOutAt: Date;
  readonly source: OptOutSource;
  readonly reason: string;
  /** Id of the caller; null if it is not known, or if the person texted. */
  readonly decidedBy: string | null;
}

/**
 * The opt-outs of one account. A number that opts out again counts as opted out since the first time. Every method
 * throws StoreError if the store fails.
 */
export interface OptOuts {
  /**
   * In the order of the numbers, with one read of the store; null for a number that may be texted. A decision about a
   * send must leave out `options`.
   */
  states(numbers: readonly E164[], options?: ReadOptions): Promise<(OptOut | null)[]>;
  /** On disk when this returns. */
  set(number: E164, decision: OptOutDecision): Promise<void>;
  /**
   * Writes into a draft what `set` would write, for an update that contains other changes too. A text that changes
   * nothing writes nothing. With `undoes: "texted"`, an opt-out that `setOptOut` wrote or confirmed stays.
   */
  draft(draft: Draft, number: E164, decision: OptOutDecision, undoes?: "all" | "texted"): Promise<void>;
}

/** A row of `opt-out`: the last decision on a number. */
interface Row extends OptOutDecision {
  /** Milliseconds since 1970. */
  readonly since: number;
  /** True if `setOptOut` confirmed an opt-out that was texted. */
  readonly isConfirmed?: boolean;
}

export function createOptOuts(store: Store, now: () => Date): OptOuts {
  const update = createUpdate(store, "An opt-out");

  async function draftDecision(
    draft: Draft,
    number: E164,
    decision: OptOutDecision,
    undoes: "all" | "texted" = "all",
  ): Promise<void> {
    const { isOptedOut, source } = decision;
    const [row = null] = await draft.read<Row>("opt-out", [number]);
    const isChange = (row?.isOptedOut ?? false) !== isOptedOut;
    const isWritten = row !== null && (row.source === "WRITTEN" || row.isConfirmed === true);
    if ((!isChange && source === "RECEIVED") || (isWritten && undoes === "texted")) {
      return;
    }
    const isNew = isChange || row === null;
    const next: Row = isNew ? { ...decision, since: now().getTime() } : { ...row, isConfirmed: true };
    draft.write("opt-out", number, next);
  }

  return {
    draft: draftDecision,

    states: async (numbers, options) =>
      (await store.get("opt-out", numbers, options)).map((text) => {
        const row = decodeRow<Row>(text);
        if (!row?.isOptedOut) {
          return null;
        }
        const { since, source, reason, decidedBy = null } = row;
        return { optedOutAt: new Date(since), source, reason, decidedBy };
      }),

    set: (number, decision) => update((draft) => draftDecision(draft, number, decision), { durable: true }),
  };
}
