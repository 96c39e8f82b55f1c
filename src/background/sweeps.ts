import type { Services } from "../context.ts";
import { repeat } from "./repeat.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Deletes old attempts, old events and old entries of the audit log, regularly. */
export function startSweeps({ attempts, inbox, audit, warn }: Services): { stop(): void } {
  const sweeps = [
    repeat(attempts.sweep, HOUR_MS, (error) => warn("old attempts were not forgotten", error)),
    repeat(audit.sweep, HOUR_MS, (error) => warn("old entries of the audit log were not deleted", error)),
    repeat(inbox.sweep, MINUTE_MS, (error) => warn("old events were not forgotten", error)),
  ];
  return {
    stop: () => {
      for (const sweep of sweeps) {
        sweep.stop();
      }
    },
  };
}
