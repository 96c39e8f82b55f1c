import { createHook } from "node:async_hooks";
import { readdirSync } from "node:fs";
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";

/** What the server's process holds, after a collection of garbage. */
export interface Vitals {
  readonly megabytes: number;
  readonly descriptors: number;
  /** All that have not fired or been cleared; Node's own list leaves out those that do not keep the process alive. */
  readonly timers: number;
}

const timers = new Set<number>();
createHook({
  init: (id, type) => {
    if (type === "Timeout") {
      timers.add(id);
    }
  },
  destroy: (id) => timers.delete(id),
}).enable();

/** The server of `soak.ts`: says where it is, and what it holds whenever it is asked. */
const app = await startApp(readConfig(process.env));
process.on("message", () => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const vitals: Vitals = {
    megabytes: (heapUsed + arrayBuffers) / 1e6,
    descriptors: readdirSync("/proc/self/fd").length,
    timers: timers.size,
  };
  process.send?.(vitals);
});
process.send?.(app.url);
