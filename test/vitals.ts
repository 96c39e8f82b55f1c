import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What a process holds. */
export interface Vitals {
  readonly descriptors: number;
  readonly timers: number;
  /** Of the heap, after a collection. */
  readonly megabytes: number;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What this process holds. */
export function vitals(): Vitals {
  collect();
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    timers: process.getActiveResourcesInfo().filter((each) => each === "Timeout").length,
    megabytes: process.memoryUsage().heapUsed / 1e6,
  };
}

/** What there is more of than before, beyond what runs at all times. */
export function grownSince(before: Vitals, now: Vitals): string[] {
  const most = { descriptors: before.descriptors + 5, timers: before.timers + 5, megabytes: before.megabytes + 25 };
  return Object.entries(most).flatMap(([name, value]) =>
    now[name as keyof Vitals] > value ? [`${name}: ${now[name as keyof Vitals]}, not ${value}`] : [],
  );
}
