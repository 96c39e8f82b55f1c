import type { Services } from "./context.ts";

const HOUR_MS = 3_600_000;

/** Forgets old attempts now and every hour, until it is stopped. */
export function startAttemptSweep({ attempts, warn }: Services): { stop(): void } {
  let isStopped = false;
  const sweep = () => {
    attempts.sweep().catch((error: unknown) => {
      // A sweep that the end of the process cut short goes on at the next start.
      if (!isStopped) {
        warn("old attempts were not forgotten", error);
      }
    });
  };
  sweep();
  const timer = setInterval(sweep, HOUR_MS).unref();
  return {
    stop: () => {
      isStopped = true;
      clearInterval(timer);
    },
  };
}
