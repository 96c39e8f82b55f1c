import type { Environment } from "./environment.ts";

/** Keeps a failing platform, or too many requests, from affecting everything else. */
export interface Protection {
  /** Calls to one platform: how many run at the same time, how many wait for a place, and for how long. */
  readonly bulkhead: { readonly inFlight: number; readonly waiting: number; readonly waitMilliseconds: number };
  readonly breaker: {
    readonly isOn: boolean;
    readonly leastCalls: number;
    readonly failurePercent: number;
    readonly pauseMilliseconds: number;
  };
  /** How many calls are repeated: a share of the calls, and so many each second besides. */
  readonly retries: { readonly percent: number; readonly perSecond: number };
  /** When the process counts as overloaded. */
  readonly overload: { readonly lagMilliseconds: number; readonly heapPercent: number };
  readonly bodyLimits: { readonly listBytes: number; readonly recordBytes: number };
}

const MEGABYTE = 1_000_000;

export function readProtection(env: Environment): Protection {
  const megabytes = { min: 1, max: 1_000 };
  const percent = { min: 0, max: 100 };
  return {
    bulkhead: {
      inFlight: env.number("PLATFORM_CALLS", 64, { min: 1, max: 1_000 }),
      waiting: env.number("PLATFORM_QUEUE", 128, { min: 0, max: 100_000 }),
      waitMilliseconds: env.number("PLATFORM_QUEUE_MS", 500, { min: 0, max: 60_000 }),
    },
    breaker: {
      isOn: env.choice("BREAKER", ["on", "off"], "on") === "on",
      leastCalls: env.number("BREAKER_CALLS", 20, { min: 1, max: 100_000 }),
      failurePercent: env.number("BREAKER_PERCENT", 50, { min: 1, max: 100 }),
      pauseMilliseconds: env.number("BREAKER_PAUSE_MS", 5_000, { min: 1, max: 600_000 }),
    },
    retries: {
      percent: env.number("RETRY_PERCENT", 20, percent),
      perSecond: env.number("RETRIES_PER_SECOND", 3, { min: 0, max: 1_000 }),
    },
    overload: {
      lagMilliseconds: env.number("OVERLOAD_LAG_MS", 200, { min: 1, max: 60_000 }),
      heapPercent: env.number("OVERLOAD_HEAP_PERCENT", 90, { min: 1, max: 100 }),
    },
    bodyLimits: {
      listBytes: env.number("LIST_MEGABYTES", 64, megabytes) * MEGABYTE,
      recordBytes: env.number("RECORD_MEGABYTES", 10, megabytes) * MEGABYTE,
    },
  };
}
