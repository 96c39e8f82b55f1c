import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "./processes.ts";

/** A checkout of this project, the one that this file belongs to. */
export const project = join(import.meta.dirname, "..");

/**
 * Starts the server of a checkout with the flags that its `npm start` gives Node. Its working directory is `src`, where
 * there is no `.env` to change what is measured. Throws if the folder is no checkout.
 */
export function startCommand(checkout: string, env: Readonly<Record<string, string>>): Command {
  const manifest: { scripts?: { start?: string } } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8"));
  const [node, ...words] = manifest.scripts?.start?.split(" ") ?? [];
  if (node !== "node" || words.at(-1) !== "src/main.ts") {
    throw new Error(`${checkout} is no checkout of textgraph: its "npm start" is not "node … src/main.ts"`);
  }
  return {
    file: process.execPath,
    args: [...words.slice(0, -1), join(checkout, "src/main.ts")],
    cwd: join(checkout, "src"),
    env,
  };
}
