import { TooCostlyError } from "./errors.ts";
import { Line } from "./event-loop.ts";
import type { StopSignal } from "./rest/calls.ts";

export interface MeterLimits {
  readonly calls: number;
  readonly objects: number;
  /** Values of an object that are no objects themselves, on average. Default: a few. */
  readonly valuesPerObject?: number;
}

/**
 * Objects that are completed after the operation's time is over, so that what was read in time is shown; this takes
 * some milliseconds.
 */
const OVERDUE_OBJECTS = 1_000;

// Measured: graphql-js completes a value in about 0.5 µs, and a field with a resolver of its own takes about 10 µs.
const VALUE_MS = 0.000_5;
const RESOLVER_MS = 0.01;
const A_FEW = 5;

/** The cost of one operation so far. Stops the operation if its time is over or if it exceeds its limits. */
export class Meter {
  /** Its work that waits for room in the event loop. */
  readonly line = new Line();
  readonly #limits: MeterLimits;
  readonly #signal: StopSignal;
  readonly #callsMade: () => number;
  #objects = 0;
  #overdue = 0;
  /** One for all, because thousands may fail with it. */
  #failure: TooCostlyError | null = null;

  /** `signal`: aborts when the operation's time is over. `callsMade`: the platform calls that it has made so far. */
  constructor(limits: MeterLimits, signal: StopSignal, callsMade: () => number) {
    this.#limits = limits;
    this.#signal = signal;
    this.#callsMade = callsMade;
  }

  /** Objects of the answer, including those of lists and pages. */
  get objects(): number {
    return this.#objects;
  }

  get calls(): number {
    return this.#callsMade();
  }

  /** An estimate of the time to complete so many objects. */
  millisecondsFor(objects: number): number {
    return objects * (1 + (this.#limits.valuesPerObject ?? A_FEW)) * VALUE_MS;
  }

  /** An estimate of the time that a resolver takes, and to complete its object. */
  get millisecondsForResolver(): number {
    return RESOLVER_MS + this.millisecondsFor(1);
  }

  /** Counts objects before they are completed. Throws TooCostlyError. */
  count(objects: number): void {
    this.#objects += objects;
    if (this.#objects > this.#limits.objects || this.#callsMade() > this.#limits.calls) {
      throw this.#fail("size");
    }
    if (this.#signal.aborted) {
      this.#overdue += objects;
      if (this.#overdue > OVERDUE_OBJECTS) {
        throw this.#fail("time");
      }
    }
  }

  #fail(what: TooCostlyError["what"]): TooCostlyError {
    this.#failure ??= new TooCostlyError(what);
    return this.#failure;
  }
}
