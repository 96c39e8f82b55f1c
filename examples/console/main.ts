import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { serveConsole } from "./serve.ts";

// `npm run console` of the checkout: the graph over simulated platforms with people who text, and the built console.
// TEXTGRAPH_URL names a running graph instead: then only the console is started. CONSOLE_PORT: where, 5180 if it is free.

const DOCUMENTS = fileURLToPath(new URL("src/generated/trusted-documents.json", import.meta.url));
const CHATTER = { TRUSTED_DOCUMENTS: DOCUMENTS, SIMULATE: "on", SIMULATOR_CHATTER_SECONDS: "4" };

/** Starts the graph as a process; it ends with this one. */
async function startGraph(): Promise<string> {
  const env = { ...CHATTER, ...process.env };
  const graph = spawn(process.execPath, ["src/main.ts"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => graph.kill());
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => process.exit());
  }
  void once(graph, "exit").then(() => process.exit(1));
  for await (const line of createInterface({ input: graph.stdout })) {
    const url = /^textgraph ready at (\S+)$/.exec(line)?.[1];
    if (url !== undefined) {
      graph.stdout.resume();
      return url;
    }
  }
  throw new Error("The graph ended before it was ready: see above.");
}

const url = process.env["TEXTGRAPH_URL"] ?? (await startGraph());
const address = await serveConsole(Number(process.env["CONSOLE_PORT"] ?? 5180));
process.stdout.write(`The console is at ${address}?graph=${encodeURIComponent(url)}\n`);
