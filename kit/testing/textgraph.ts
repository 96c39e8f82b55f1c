import type { Fault, Hold, HoldFault } from "../../src/simulator/faults.ts";
import type { LedgerEntry } from "../../src/simulator/journal.ts";
import type { Simulator, SimulatorOptions } from "../../src/simulator/simulator.ts";

// What a test sees. It names the simulator alone, whose types go into the package.

export type { Fault, Hold, HoldFault, LedgerEntry, Simulator };

export interface TextgraphOptions
  extends Omit<SimulatorOptions, "host" | "pidjPort" | "textizenPort" | "contactsList"> {
  /** Variables of the server, as in its documentation: `{ API_KEYS_FILE: "keys.json" }`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A graph of a test's own, with people who do not exist behind it; disposed by scope (`await using`). */
export interface Textgraph extends AsyncDisposable {
  /** Where it is served, `http://127.0.0.1:4000/graphql`; subscriptions are at the same address. */
  readonly url: string;
  /** A number that both platforms know, in a group that both have. */
  readonly phoneNumber: string;
  /** The platform calls since the start or `forgetCalls`, in order: `PIDJ POST /send`. Sign-ins are left out. */
  calls(): string[];
  forgetCalls(): void;
  /** Every send that a platform has accepted, with what it was given. */
  sent(): readonly LedgerEntry[];
  /** Makes calls of a platform fail; returns the function that ends it. */
  fault(fault: HoldFault): Hold;
  fault(fault: Fault): () => void;
  /** Somebody texts one of the account's groups. Resolves when the event is stored. */
  receiveText(text: { readonly from: string; readonly message: string; readonly groupId?: string }): Promise<void>;
  /** The platforms, for all else: their records, their shapes, the requests as they were on the wire. */
  readonly simulator: Simulator;
  /** Ends it before its scope does; once more does nothing. */
  close(): Promise<void>;
}

/**
 * Starts simulator and server in this process, on free ports. The same sizes and seed give the same people, ids and
 * answers. Throws a `RangeError` for an invalid size.
 */
export type StartTextgraph = (options?: TextgraphOptions) => Promise<Textgraph>;
