import { setTimeout as sleep } from "node:timers/promises";
import type { JobId } from "../ids.ts";
import type { StopSignal } from "../rest/calls.ts";
import type { JobRecord, Jobs } from "../store/jobs.ts";

/** A subscriber hears of changes no more often. */
const SHOWN_EVERY_MS = 500;

export interface ProgressItem {
  /** A reconnect needs none: the first item has all that was missed. */
  readonly cursor: string;
  readonly event: JobRecord;
}

/**
 * The job as it is, then whenever it has changed, whichever process works on it, until it has ended or the signal aborts.
 * Nothing if there is no such job. Throws StoreError.
 */
export async function* watchJob(jobs: Jobs, id: JobId, signal: StopSignal): AsyncGenerator<ProgressItem, void> {
  let shown = "";
  let news = new AbortController();
  const stop = jobs.onChange(id, () => news.abort());
  const over = new AbortController();
  const end = () => over.abort();
  signal.addEventListener("abort", end);
  const wait = (milliseconds: number, ...signals: readonly AbortSignal[]) =>
    sleep(milliseconds, undefined, { signal: AbortSignal.any([over.signal, ...signals]), ref: false }).catch(
      () => undefined,
    );
  try {
    while (!signal.aborted) {
      news = new AbortController();
      const job = await jobs.find(id);
      if (job === null) {
        return;
      }
      const { state, pauseReason, waits, counts, claim } = job;
      const next = JSON.stringify([state, pauseReason, waits, counts]);
      if (next !== shown) {
        shown = next;
        yield { cursor: `${counts.total - counts.waiting}`, event: job };
      }
      if (state === "COMPLETED" || (state === "CANCELLED" && claim === null)) {
        return;
      }
      await wait(SHOWN_EVERY_MS);
      await wait(jobs.lookMilliseconds, news.signal);
    }
  } finally {
    stop();
    signal.removeEventListener("abort", end);
  }
}
