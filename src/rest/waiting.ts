import type { Platform } from "../errors.ts";
import type { StopSignal } from "./calls.ts";
import { endOfScope } from "./exchange.ts";

/** The promise's outcome, or the failure that ends the scope if its signal aborts first. `what` names what was waited for. */
export function orEndOfScope<Value>(
  promise: Promise<Value>,
  signal: StopSignal,
  platform: Platform,
  what: string,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(endOfScope(platform, what, signal, false));
    if (signal.aborted) {
      leave();
    }
    signal.addEventListener("abort", leave);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

/** Resolves after this time, or at once when the signal aborts. */
export function pause(milliseconds: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, signal.aborted ? 0 : milliseconds);
    signal.addEventListener("abort", end);
  });
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The promise's outcome, or null if it takes longer than this. */
export async function withinTime<Value>(promise: Promise<Value>, milliseconds: number): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, Math.min(milliseconds, LONGEST_TIMER_MS)), null);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
