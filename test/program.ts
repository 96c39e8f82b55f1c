import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const READY = /^textgraph ready at (http:\/\/127\.0\.0\.1:\d+\/graphql)$/m;

/** A program of `src` as a process of its own, in a folder, with nothing but these variables; the server unless named. */
export class Program implements AsyncDisposable {
  stdout = "";
  stderr = "";
  /** Exit code; null where a signal ended it. */
  readonly exited: Promise<number | null>;
  readonly #process: ChildProcess;

  constructor(folder: string, env: Record<string, string>, [name = "main.ts", ...args]: readonly string[] = []) {
    const file = fileURLToPath(new URL(`../src/${name}`, import.meta.url));
    this.#process = spawn(process.execPath, [file, ...args], { cwd: folder, env: { PORT: "0", ...env } });
    this.#process.stdout?.on("data", (data) => {
      this.stdout += data;
    });
    this.#process.stderr?.on("data", (data) => {
      this.stderr += data;
    });
    this.exited = once(this.#process, "close").then(([code]) => code);
  }

  /** Where the graph is, as soon as the program says so. */
  async url(): Promise<string> {
    await expect.poll(() => this.stdout + this.stderr, { timeout: 15_000, interval: 20 }).toMatch(READY);
    return READY.exec(this.stdout)?.[1] ?? "";
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
  }
}
