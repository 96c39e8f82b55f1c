import { StoreError } from "../errors.ts";
import type { E164 } from "../phone.ts";
import type { Change, Store } from "./store.ts";

/** How it was said: by a text of the person's own (`RECEIVED`), or by `setOptOut` (`WRITTEN`). */
type OptOutSource = "RECEIVED" | "WRITTEN";

/** That a number's owner may, or may not, be texted; and who said so, and why. */
export interface OptOutDecision {
  readonly isOptedOut: boolean;
  readonly source: OptOutSource;
  readonly reason: string;
}

/** Of a number that may not be texted. */
export interface OptOut {
  readonly optedOutAt: Date;
  readonly source: OptOutSource;
  readonly reason: string;
}

/**
 * Who may not be texted, of one account. A number that is opted out again stays opted out since the first time. Every
 * decision that changes something is kept for good, and so is every one of `setOptOut`. Every method throws StoreError
 * where the store does.
 */
export interface OptOuts {
  /** In the order of the numbers, by one read of the store; null for a number that may be texted. */
  states(numbers: readonly E164[]): Promise<(OptOut | null)[]>;
  /** On disk when this returns. */
  set(number: E164, decision: OptOutDecision): Promise<void>;
  /**
   * What `set` would change, for a commit that holds something else too; nothing for a text that changes nothing, and
   * nothing, where it is to take back a text alone (`texted`), of what was written.
   */
  plan(number: E164, decision: OptOutDecision, undoes?: "all" | "texted"): Promise<Change[]>;
  /** The decisions on a number, the oldest first. */
  history(number: E164): Promise<(OptOutDecision & { readonly at: Date })[]>;
}

/** A row of `opt-out`: the last word on a number, and how many there were. Times are milliseconds since 1970. */
interface Row extends OptOutDecision {
  readonly since: number;
  readonly decisions: number;
  /** True where `setOptOut` said the same of a number that had opted out by a text. */
  readonly isConfirmed?: boolean;
}

/** A row of `opt-out-history`. */
interface HistoryRow extends OptOutDecision {
  readonly at: number;
}

const TRIES = 100;
const MOST_READ = 1_000;

export function createOptOuts(store: Store, now: () => Date): OptOuts {
  async function plan(
    number: E164,
    { isOptedOut, source, reason }: OptOutDecision,
    undoes: "all" | "texted" = "all",
  ): Promise<Change[]> {
    const [was = null] = await store.get("opt-out", [number]);
    const row = was === null ? null : decode<Row>(was);
    const isChange = (row?.isOptedOut ?? false) !== isOptedOut;
    const isWritten = row !== null && (row.source === "WRITTEN" || row.isConfirmed === true);
    if ((!isChange && source === "RECEIVED") || (isWritten && undoes === "texted")) {
      return [];
    }
    const at = now().getTime();
    const decision: OptOutDecision = { isOptedOut, source, reason };
    const decisions = (row?.decisions ?? 0) + 1;
    const isNew = isChange || row === null;
    const next: Row = isNew ? { ...decision, since: at, decisions } : { ...row, decisions, isConfirmed: true };
    const entry: HistoryRow = { ...decision, at };
    return [
      { table: "opt-out", key: number, was, becomes: JSON.stringify(next) },
      { table: "opt-out-history", key: historyKey(number, decisions), becomes: JSON.stringify(entry) },
    ];
  }

  return {
    plan,

    states: async (numbers) =>
      (await store.get("opt-out", numbers)).map((text) => {
        const row = text === null ? null : decode<Row>(text);
        return row?.isOptedOut ? { optedOutAt: new Date(row.since), source: row.source, reason: row.reason } : null;
      }),

    set: async (number, decision) => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        if (await store.commit(await plan(number, decision), { durable: true })) {
          return;
        }
      }
      throw new StoreError("An opt-out could not be recorded: others kept changing it", null);
    },

    history: async (number) => {
      const entries = await store.range("opt-out-history", { prefix: `${number} `, limit: MOST_READ });
      return entries.map(({ value }) => {
        const { at, ...decision } = decode<HistoryRow>(value);
        return { ...decision, at: new Date(at) };
      });
    },
  };
}

function historyKey(number: E164, decision: number): string {
  return `${number} ${String(decision).padStart(9, "0")}`;
}

/** A value that this module wrote. */
function decode<Value>(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch (cause) {
    throw new StoreError("A recorded opt-out cannot be read", cause);
  }
}
