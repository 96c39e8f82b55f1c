import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** A graph of our own, over simulated platforms, on a free port; disposed by scope. */
export interface Graph extends AsyncDisposable {
  readonly url: string;
}

/** Starts one from a folder that textgraph was cloned into. Throws if it does not come up. */
export async function startGraph(checkout = CHECKOUT): Promise<Graph> {
  if (!existsSync(`${checkout}/src/main.ts`)) {
    throw new Error(
      "TEXTGRAPH_URL is not set, and textgraph is not two folders up: set TEXTGRAPH_URL to a graph's address.",
    );
  }
  const child = spawn(process.execPath, ["src/main.ts"], {
    cwd: checkout,
    env: { PORT: "0", SIMULATE: "on" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^textgraph ready at (\S+)$/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return {
        url,
        [Symbol.asyncDispose]: async () => {
          child.kill();
          await ended;
        },
      };
    }
  }
  throw new Error("The graph did not start.");
}
