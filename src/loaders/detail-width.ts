import { PlatformError, type PlatformErrorReason } from "../errors.ts";

/** Reads by id that a platform is given at once before anything is known of it. */
export const FIRST_WIDTH = 16;
const LEAST_WIDTH = 4;
/** A quarter of the calls that may be under way stays for other operations. */
const MOST_WIDTH = 48;
/** A platform is slower than it could be if a read takes this many times the best time, and a little more. */
const SLOW_TIMES = 2;
const SLOW_MS = 20;
/** The best time is forgotten slowly, because a platform may become slower for good. */
const FORGETTING = 1.002;
/** Failures that say that the platform, or this server, has too much to do. */
const STRAINED: ReadonlySet<PlatformErrorReason> = new Set(["rate-limited", "timeout", "overloaded", "unreachable"]);

/**
 * How many records one operation reads by id at the same time: as many as the platform bears, found by trying. Each round
 * of reads that is as fast as a single one widens it by one, as TCP does (RFC 5681, congestion avoidance); a slow read
 * narrows it by a fifth, and one that fails because there is too much to do by half, at most once a round. One for each
 * platform, because all operations learn the same.
 */
export class DetailWidth {
  #width = FIRST_WIDTH;
  #best = Number.POSITIVE_INFINITY;
  /** Reads that were begun before the last narrowing, and say nothing about the new width. */
  #ignored = 0;

  get width(): number {
    return Math.floor(this.#width);
  }

  /** The result of `read`, whose time is learned from. */
  async watch<Value>(read: () => Promise<Value>): Promise<Value> {
    const began = performance.now();
    try {
      const value = await read();
      this.record(performance.now() - began);
      return value;
    } catch (error) {
      if (error instanceof PlatformError && STRAINED.has(error.reason)) {
        this.#narrow(0.5);
      }
      throw error;
    }
  }

  /** Learns from a read that ended well. */
  record(milliseconds: number): void {
    const isSlow = milliseconds > SLOW_TIMES * this.#best + SLOW_MS;
    this.#best = Math.min(this.#best * FORGETTING, milliseconds);
    if (isSlow) {
      this.#narrow(0.8);
    } else {
      this.#ignored = Math.max(0, this.#ignored - 1);
      this.#width = Math.min(MOST_WIDTH, this.#width + 1 / this.#width);
    }
  }

  #narrow(share: number): void {
    if (this.#ignored > 0) {
      this.#ignored -= 1;
      return;
    }
    this.#ignored = this.width;
    this.#width = Math.max(LEAST_WIDTH, this.#width * share);
  }
}
