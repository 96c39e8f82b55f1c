import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Caller } from "../access/caller.ts";
import { Context, type Services } from "../context.ts";
import type { JobId } from "../ids.ts";
import { Stop } from "../rest/calls.ts";
import { type JobRecord, needsWork } from "../store/jobs.ts";
import { carryOutRow } from "./row.ts";
import { Work } from "./work.ts";

export interface WorkerOptions {
  readonly services: Services;
  readonly rowsAtOnce: number;
  /** Milliseconds that one row may take: those of a mutation. */
  readonly rowMilliseconds: number;
  /** Whether clients' operations are being refused: then no row is begun. */
  readonly isOverloaded: () => boolean;
}

/** How often jobs are looked for, those of other processes included. */
const LOOK_MS = 500;
/** Without news of its process for so long, another one takes a job over. */
const LEASE_MS = 10_000;
const OVERLOADED_MS = 250;
/** Further jobs wait until one of these has nothing to do. */
const MOST_JOBS = 4;
const UNLIMITED = { calls: Number.POSITIVE_INFINITY, objects: Number.POSITIVE_INFINITY };

/**
 * Works on the jobs of the store, each by one process at a time. `stop` begins no further row, and resolves when those under
 * way have their outcome.
 */
export function startWorker(options: WorkerOptions): { stop(): Promise<void> } {
  const { services, rowsAtOnce, rowMilliseconds, isOverloaded } = options;
  const { jobs, warn, now } = services;
  const owner = randomUUID();
  const running = new Map<JobId, Promise<void>>();
  let isStopping = false;
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    for (const job of await jobs.active()) {
      if (isStopping || running.size >= MOST_JOBS) {
        return;
      }
      if (!running.has(job.id) && hasWorkNow(job)) {
        const done = work(job.id)
          .catch((error: unknown) => warn("a job stopped for now", error))
          .finally(() => running.delete(job.id));
        running.set(job.id, done);
      }
    }
  }

  function hasWorkNow(job: JobRecord): boolean {
    return needsWork(job) && (job.claim !== null || job.waits === null || job.waits.until <= now().getTime());
  }

  async function work(id: JobId): Promise<void> {
    const lease = { id, owner };
    if (!(await jobs.lease(lease, LEASE_MS))) {
      return;
    }
    const steps = new Work({
      services,
      rowsAtOnce,
      isStopping: () => isStopping,
      carryOut: (job, row) => carryOutRow(contextOf(job), job, row),
    });
    // A step may last as long as its slowest row.
    const renewal = setInterval(() => void jobs.lease(lease, LEASE_MS).catch(() => undefined), LEASE_MS / 4).unref();
    try {
      while (!isStopping) {
        const job = await jobs.find(id);
        if (job === null || !needsWork(job)) {
          break;
        }
        if (isOverloaded()) {
          await sleep(OVERLOADED_MS);
        } else if ((await steps.step(job)) === "idle" || !(await jobs.lease(lease, LEASE_MS))) {
          break;
        }
      }
    } finally {
      clearInterval(renewal);
      await jobs.release(lease);
    }
  }

  /** For one row, as for one operation of the caller who made the job. */
  function contextOf({ caller }: JobRecord): Context {
    const end = performance.now() + rowMilliseconds;
    const rowCaller: Caller = { ...caller, scopes: new Set(), expiresAt: null, callsPerMinute: null };
    return new Context(services, {
      signal: new Stop(),
      deadline: () => end,
      fresh: false,
      limits: UNLIMITED,
      caller: rowCaller,
    });
  }

  const timer = setInterval(() => {
    looking ??= look()
      .catch((error: unknown) => warn("jobs could not be read", error))
      .finally(() => {
        looking = null;
      });
  }, LOOK_MS).unref();

  return {
    stop: async () => {
      isStopping = true;
      clearInterval(timer);
      await looking;
      await Promise.all(running.values());
    },
  };
}
