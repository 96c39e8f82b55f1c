import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Caller, PastCaller } from "../access/caller.ts";
import { Context, type Services } from "../context.ts";
import type { JobId } from "../ids.ts";
import { Stop } from "../rest/calls.ts";
import { type JobRecord, needsWork } from "../store/jobs.ts";
import { actorOf } from "./rights.ts";
import { carryOutRow } from "./row.ts";
import { Work } from "./work.ts";

export interface WorkerOptions {
  readonly services: Services;
  readonly rowsAtOnce: number;
  /** Milliseconds that one row may take: those of a mutation. */
  readonly rowMilliseconds: number;
  /** Whether clients' operations are being refused: then no row is begun. */
  readonly isOverloaded: () => boolean;
  /** Who a caller is now: see `Access`. */
  readonly recall: (who: PastCaller) => Caller | "gone" | "unknown";
}

/** Without news of its process for so long, another one takes a job over. */
const LEASE_MS = 10_000;
const OVERLOADED_MS = 250;
/** Further jobs wait until one of these has nothing to do. */
const MOST_JOBS = 4;
const UNLIMITED = { calls: Number.POSITIVE_INFINITY, objects: Number.POSITIVE_INFINITY };

/**
 * Works on the jobs of the store, each by one process at a time. It looks for them when it is told of one, when the wait of
 * one ends, and now and then, because news can be lost and processes die. `stop` begins no further row, and resolves when
 * those under way have their outcome.
 */
export function startWorker(options: WorkerOptions): { stop(): Promise<void> } {
  const { services, rowsAtOnce, rowMilliseconds, isOverloaded, recall } = options;
  const { jobs, warn, now, mayRead } = services;
  const actor = (job: JobRecord) => actorOf(job, { recall, mayRead });
  const owner = randomUUID();
  const running = new Map<JobId, Promise<void>>();
  let isStopping = false;
  let isWanted = false;
  let looking: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;

  function wake(): void {
    isWanted = true;
    if (looking === null && !isStopping) {
      clearTimeout(timer);
      looking = look().finally(() => {
        looking = null;
        if (isWanted) {
          wake();
        }
      });
    }
  }

  async function look(): Promise<void> {
    let next = jobs.lookMilliseconds;
    while (isWanted && !isStopping) {
      isWanted = false;
      try {
        const active = await jobs.active();
        startOn(active.filter(hasWorkNow));
        const ends = active.map(({ state, waits }) =>
          state === "RUNNING" && waits ? waits.until - now().getTime() : 0,
        );
        next = Math.min(jobs.lookMilliseconds, ...ends.filter((milliseconds) => milliseconds > 0));
      } catch (error) {
        warn("jobs could not be read", error);
        next = jobs.lookMilliseconds;
      }
    }
    if (!isStopping) {
      timer = setTimeout(wake, next).unref();
    }
  }

  /** Begins as many as there is room for. Where another process is at work, the next one has the room. */
  function startOn(found: JobRecord[]): void {
    while (!isStopping && running.size < MOST_JOBS && found.length > 0) {
      const id = found.shift()?.id;
      if (id !== undefined && !running.has(id)) {
        const done = work(id)
          .catch((error: unknown) => {
            warn("a job stopped for now", error);
            return false;
          })
          .then((hadLease) => {
            running.delete(id);
            if (hadLease) {
              // What came while this one was worked on was passed over.
              wake();
            } else {
              startOn(found);
            }
          });
        running.set(id, done);
      }
    }
  }

  function hasWorkNow(job: JobRecord): boolean {
    return needsWork(job) && (job.claim !== null || job.waits === null || job.waits.until <= now().getTime());
  }

  /** Whether this process was the one to work on it. */
  async function work(id: JobId): Promise<boolean> {
    const lease = { id, owner };
    if (!(await jobs.lease(lease, LEASE_MS))) {
      return false;
    }
    const steps = new Work({
      services,
      rowsAtOnce,
      mustHalt: (job) => isStopping || isOverloaded() || actor(job) === null,
      carryOut: async (job, row, mayWrite) => {
        const caller = actor(job);
        return caller === null ? null : carryOutRow(contextOf(caller, job.id), job, row, mayWrite);
      },
    });
    // A step may last as long as its slowest row.
    const renewal = setInterval(() => void jobs.lease(lease, LEASE_MS).catch(() => undefined), LEASE_MS / 4).unref();
    try {
      while (!isStopping) {
        const job = await jobs.find(id);
        if (job === null || !needsWork(job)) {
          return true;
        }
        if (job.state === "RUNNING" && actor(job) === null) {
          await jobs.change(id, pausedIfRevoked);
        } else if (isOverloaded()) {
          await sleep(OVERLOADED_MS);
        } else if ((await steps.step(job)) === "idle") {
          return true;
        } else if (!(await jobs.lease(lease, LEASE_MS))) {
          return false;
        }
      }
      return true;
    } finally {
      clearInterval(renewal);
      await jobs.release(lease, { tells: isStopping });
    }
  }

  function pausedIfRevoked(job: JobRecord): JobRecord | null {
    return job.state === "RUNNING" && actor(job) === null
      ? { ...job, state: "PAUSED", pauseReason: "KEY_REVOKED", waits: null }
      : null;
  }

  /** For one row, as for one operation of the caller. */
  function contextOf(caller: Caller, jobId: JobId): Context {
    const end = performance.now() + rowMilliseconds;
    return new Context(services, {
      signal: new Stop(),
      deadline: () => end,
      fresh: false,
      limits: UNLIMITED,
      caller,
      jobId,
    });
  }

  const unlisten = jobs.onWork(wake);
  wake();

  return {
    stop: async () => {
      isStopping = true;
      unlisten();
      await looking;
      clearTimeout(timer);
      await Promise.all(running.values());
    },
  };
}
