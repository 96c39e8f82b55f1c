import type { Services } from "../context.ts";
import { repeat } from "./repeat.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** A turn ends before the next one begins. */
const TURN = 0.9;

/**
 * Deletes old attempts, old events, old entries of the audit log and buckets that are full again, regularly. Of several servers that share a store,
 * one does it at a time.
 */
export function startSweeps(services: Services): { stop(): void } {
  const { attempts, inbox, jobs, audit, forgetFullBuckets, takeTurn, warn } = services;
  const inTurn = (work: string, sweep: () => Promise<void>, milliseconds: number, complaint: string) =>
    repeat(
      async () => {
        if (await takeTurn(work, TURN * milliseconds)) {
          await sweep();
        }
      },
      milliseconds,
      (error) => warn(complaint, error),
    );
  const sweeps = [
    inTurn("attempts", attempts.sweep, HOUR_MS, "old attempts were not forgotten"),
    inTurn("audit", audit.sweep, HOUR_MS, "old entries of the audit log were not deleted"),
    inTurn("buckets", forgetFullBuckets, HOUR_MS, "limits of callers were not tidied up"),
    inTurn("jobs", jobs.sweep, HOUR_MS, "old jobs were not deleted"),
    inTurn("inbox", inbox.sweep, MINUTE_MS, "old events were not forgotten"),
  ];
  return {
    stop: () => {
      for (const sweep of sweeps) {
        sweep.stop();
      }
    },
  };
}
