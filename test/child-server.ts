import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Simulator } from "../src/simulator/simulator.ts";
import type { Vitals } from "./vitals.ts";

/** A server in a process of its own; disposed by SIGKILL. */
export interface ChildServer extends AsyncDisposable {
  readonly url: string;
  /** What it wrote to stderr so far; a silent one's is shown in place of that. */
  readonly log: readonly string[];
  /** What it holds now. */
  vitals(): Promise<Vitals>;
  /** Resolves when it has ended, by itself or not. */
  readonly ended: Promise<unknown>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

/** The environment of a server over these platforms, on a store that several processes share. */
export function environmentFor(simulator: Simulator, file: string): Record<string, string> {
  return {
    PORT: "0",
    LOG_LEVEL: "silent",
    // A machine that does much else makes every event loop late, which is no load of this server.
    OVERLOAD_LAG_MS: "60000",
    STORE_URL: `sqlite:${file}`,
    PIDJ_BASE_URL: simulator.pidj.url,
    PIDJ_ACCOUNT_KEY: simulator.pidj.accountKey,
    PIDJ_TOKEN: simulator.pidj.token,
  };
}

export async function startChild(environment: Record<string, string>): Promise<ChildServer> {
  const program = fileURLToPath(new URL("crash-child.ts", import.meta.url));
  const isSilent = environment["LOG_LEVEL"] === "silent";
  const child = spawn(process.execPath, [program], {
    env: environment,
    stdio: ["ignore", "pipe", isSilent ? "inherit" : "pipe", "ipc"],
  });
  const log: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => log.push(text));
  const ended = once(child, "close");
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  const look = async () => {
    const answered = once(child, "message");
    child.send("look");
    return ((await answered) as [Vitals])[0];
  };
  return { url: await firstLine(child), log, vitals: look, ended, kill, [Symbol.asyncDispose]: kill };
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  for await (const chunk of stdout ?? []) {
    return String(chunk).trim();
  }
  throw new Error("the child process ended before it listened");
}
