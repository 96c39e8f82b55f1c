import { setTimeout as sleep } from "node:timers/promises";
import type { JobId } from "../ids.ts";
import type { StopSignal } from "../rest/calls.ts";
import type { JobRecord, Jobs } from "../store/jobs.ts";

/** How often a job is looked at for its subscribers. */
const LOOK_MS = 500;

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
  while (!signal.aborted) {
    const job = await jobs.find(id);
    if (job === null) {
      return;
    }
    const { state, waits, counts, claim } = job;
    const next = JSON.stringify([state, waits, counts]);
    if (next !== shown) {
      shown = next;
      yield { cursor: `${counts.total - counts.waiting}`, event: job };
    }
    if (state === "COMPLETED" || (state === "CANCELLED" && claim === null)) {
      return;
    }
    await pauseUnless(signal, LOOK_MS);
  }
}

async function pauseUnless(signal: StopSignal, milliseconds: number): Promise<void> {
  const over = new AbortController();
  const end = () => over.abort();
  signal.addEventListener("abort", end);
  await sleep(milliseconds, undefined, { signal: over.signal, ref: false }).catch(() => undefined);
  signal.removeEventListener("abort", end);
}
