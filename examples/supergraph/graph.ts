import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** Starts the graph of this checkout as a subgraph over simulated platforms, and returns its URL. It ends with this process. */
export async function startGraph(): Promise<string> {
  const child = spawn(process.execPath, ["src/main.ts"], {
    cwd: CHECKOUT,
    env: { PORT: "0", SIMULATE: "on", SUBGRAPH: "on", SIMULATOR_CHATTER_SECONDS: "5" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill());
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^textgraph ready at (\S+)$/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return url;
    }
  }
  throw new Error("The graph did not start.");
}
