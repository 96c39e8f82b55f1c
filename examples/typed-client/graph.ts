import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** A graph of our own, over simulated platforms, on a free port; disposed by scope. */
export interface Graph extends AsyncDisposable {
  readonly url: string;
}

/** Starts one. Throws where it does not come up. */
export async function startGraph(): Promise<Graph> {
  // No credentials in its environment is what makes it simulate the platforms.
  const child = spawn(process.execPath, [MAIN], { env: { PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
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
