import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";

/** What a server in a process of its own tells of itself. */
export interface Vitals {
  /** The longest time for which its event loop did one thing, since `watch`, in milliseconds of its own CPU time. */
  readonly longestBlock: number;
  /** User and system time of the whole process, in milliseconds. */
  readonly cpu: number;
  /** That of the thread which runs JavaScript. */
  readonly threadCpu: number;
  /** Bytes on the heap and in buffers, after a collection. */
  readonly memory: number;
}

/** Both look at it and end the watch; `watch` begins another. */
export type Command = "look" | "watch" | "stop";

let longestBlock = 0;
let watch: NodeJS.Timeout | undefined;

/**
 * A timer that is due at once sees how much the thread has worked since it was last run. CPU time, since a busy machine
 * may stop a process for longer than anything that it does by itself.
 */
function startWatch(): void {
  longestBlock = 0;
  let last = threadMilliseconds();
  watch = setInterval(() => {
    const now = threadMilliseconds();
    longestBlock = Math.max(longestBlock, now - last);
    last = now;
  }, 1);
}

function threadMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function vitals(): Vitals {
  const { user, system } = process.cpuUsage();
  const threadCpu = threadMilliseconds();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { longestBlock, cpu: (user + system) / 1_000, threadCpu, memory: heapUsed + arrayBuffers };
}

const app = await startApp(readConfig(process.env));
process.on("message", async (command: Command) => {
  clearInterval(watch);
  switch (command) {
    case "look":
      process.send?.(vitals());
      break;
    case "watch":
      // Without its own collection in what it begins to count.
      process.send?.({ ...vitals(), threadCpu: threadMilliseconds() });
      startWatch();
      break;
    case "stop":
      await app.close();
      process.disconnect?.();
      break;
    default:
      command satisfies never;
  }
});
process.send?.(app.url);
