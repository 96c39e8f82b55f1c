import { TooCostlyError } from "./errors.ts";

export interface MeterLimits {
  readonly calls: number;
  readonly objects: number;
}

/** What is completed after the operation's time is over, so that what was read in time is shown: some milliseconds' work. */
const OVERDUE_OBJECTS = 1_000;

/** What one operation has cost so far. Stops it if its time is over, or if it costs more than it may. */
export class Meter {
  readonly #limits: MeterLimits;
  readonly #signal: AbortSignal;
  readonly #callsMade: () => number;
  #objects = 0;
  #overdue = 0;

  /** `signal`: aborts when the operation's time is over. `callsMade`: the platform calls that it has made so far. */
  constructor(limits: MeterLimits, signal: AbortSignal, callsMade: () => number) {
    this.#limits = limits;
    this.#signal = signal;
    this.#callsMade = callsMade;
  }

  /** Objects of the answer, those of lists and pages included. */
  get objects(): number {
    return this.#objects;
  }

  get calls(): number {
    return this.#callsMade();
  }

  /** Called before so many objects are completed. Throws TooCostlyError. */
  count(objects: number): void {
    this.#objects += objects;
    if (this.#objects > this.#limits.objects || this.#callsMade() > this.#limits.calls) {
      throw new TooCostlyError("size");
    }
    if (this.#signal.aborted) {
      this.#overdue += objects;
      if (this.#overdue > OVERDUE_OBJECTS) {
        throw new TooCostlyError("time");
      }
    }
  }
}
