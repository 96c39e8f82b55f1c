import type { Services } from "../context.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Forgets old attempts and old events, now and again and again, until it is stopped. */
export function startSweeps({ attempts, inbox, warn }: Services): { stop(): void } {
  let isStopped = false;

  const repeat = (what: string, sweep: () => Promise<void>, milliseconds: number): NodeJS.Timeout => {
    let isSweeping = false;
    const turn = async () => {
      // A sweep that takes longer than its turn is not overtaken by the next.
      if (isSweeping) {
        return;
      }
      isSweeping = true;
      try {
        await sweep();
      } catch (error) {
        // A sweep that the end of the process cut short goes on at the next start.
        if (!isStopped) {
          warn(`old ${what} were not forgotten`, error);
        }
      } finally {
        isSweeping = false;
      }
    };
    void turn();
    return setInterval(turn, milliseconds).unref();
  };

  const timers = [
    repeat("attempts", () => attempts.sweep(), HOUR_MS),
    repeat("events", () => inbox.sweep(), MINUTE_MS),
  ];
  return {
    stop: () => {
      isStopped = true;
      timers.forEach(clearInterval);
    },
  };
}
