import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

export interface Graph {
  readonly url: string;
  stop(): void;
}

/** Starts the graph of this checkout as a subgraph over simulated platforms, in a process of its own. */
export async function startGraph(): Promise<Graph> {
  const child = spawn(process.execPath, ["src/main.ts"], {
    cwd: CHECKOUT,
    env: { PORT: "0", SIMULATE: "on", SUBGRAPH: "on", SIMULATOR_CHATTER_SECONDS: "5" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = () => void child.kill();
  process.once("exit", stop);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^textgraph ready at (\S+)$/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return { url, stop };
    }
  }
  throw new Error("The graph did not start.");
}
