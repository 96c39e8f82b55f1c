import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Command, Vitals } from "./watched-child.ts";

/** A server in a process of its own that tells what it holds and how long its event loop was held. */
export interface WatchedServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly tell: (command: Exclude<Command, "stop">) => Promise<Vitals>;
}

/** With more on its heap than `heapMegabytes`, the process ends. */
export async function startWatched(environment: Record<string, string>, heapMegabytes: number): Promise<WatchedServer> {
  const child = fork(fileURLToPath(new URL("watched-child.ts", import.meta.url)), {
    execArgv: ["--expose-gc", `--max-old-space-size=${heapMegabytes}`],
    // The other processes of the tests may keep the machine busy.
    env: { PORT: "0", LOG_LEVEL: "silent", STORE_URL: "sqlite::memory:", OVERLOAD_LAG_MS: "60000", ...environment },
  });
  const [url] = (await once(child, "message")) as [string];
  return {
    url,
    pid: child.pid ?? 0,
    tell: async (command) => {
      const answered = once(child, "message");
      child.send(command);
      return ((await answered) as [Vitals])[0];
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.send("stop" satisfies Command);
      await ended;
    },
  };
}
