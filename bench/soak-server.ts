import { readdirSync } from "node:fs";
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";

/** What the server's process holds, after a collection of garbage. */
export interface Vitals {
  readonly megabytes: number;
  readonly descriptors: number;
  readonly timers: number;
}

/** The server of `soak.ts`: says where it is, and what it holds whenever it is asked. */
const app = await startApp(readConfig(process.env));
process.on("message", () => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const vitals: Vitals = {
    megabytes: (heapUsed + arrayBuffers) / 1e6,
    descriptors: readdirSync("/proc/self/fd").length,
    timers: process.getActiveResourcesInfo().filter((each) => each === "Timeout").length,
  };
  process.send?.(vitals);
});
process.send?.(app.url);
