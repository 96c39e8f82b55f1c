import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The core that servers run on; the load and the platforms share the other. On a machine with one core, nothing is pinned. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
const isPinned = availableParallelism() > 1;

const STOP_MILLISECONDS = 5000;
// USER_HZ, the unit of /proc/PID/stat's times (proc(5)); Linux shows every program 100.
const TICKS_PER_SECOND = 100;

/** Moves this process, all its threads, to the load's core. A thread that ends meanwhile makes `taskset` fail: once more, then. */
export function pinSelf(tries = 3): void {
  if (!isPinned) {
    return;
  }
  try {
    execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", String(LOAD_CORE), String(process.pid)], {
      stdio: "ignore",
    });
  } catch (error) {
    if (tries === 1) {
      throw error;
    }
    pinSelf(tries - 1);
  }
}

/** Starts a program on one core. Its standard output is dropped; what it complains about is kept for `complaintOf`. */
export function start(command: Command, core: number): ChildProcess {
  const pinned = isPinned ? ["taskset", "--cpu-list", String(core)] : [];
  const [file = command.file, ...args] = [...pinned, command.file, ...command.args];
  const child = spawn(file, args, {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NODE_ENV: "production",
      ...(command.file === process.execPath && { NODE_OPTIONS: `--import=${COUNTER}` }),
      ...command.env,
    },
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
  });
  started.add(child);
  child.on("exit", () => started.delete(child));
  complaints.set(child, "");
  child.stderr?.on("data", (piece: Buffer) => {
    complaints.set(child, `${complaints.get(child)}${piece}`.slice(-2000));
  });
  child.on("error", (error) => complaints.set(child, error.message));
  return child;
}

// Nothing that was started here may outlive this process, however it ends.
const started = new Set<ChildProcess>();
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.once("exit", () => {
  for (const child of started) {
    child.kill("SIGKILL");
  }
});

const COUNTER = pathToFileURL(join(import.meta.dirname, "allocation.ts")).href;
// A program that is not Node.js does not answer.
const COUNTER_MS = 3000;

/** Bytes that a program's JavaScript heap has handed out since its start; null for one that is not Node.js. */
export function allocatedBytes(child: ChildProcess): Promise<number | null> {
  return heapBytes(child, "allocated");
}

/** Bytes that a program's JavaScript heap holds after a collection of garbage; null for one that is not Node.js. */
export function liveBytes(child: ChildProcess): Promise<number | null> {
  return heapBytes(child, "live");
}

function heapBytes(child: ChildProcess, what: "allocated" | "live"): Promise<number | null> {
  return new Promise((resolve) => {
    const giveUp = setTimeout(resolve, COUNTER_MS, null);
    child.once("message", (bytes) => {
      clearTimeout(giveUp);
      resolve(Number(bytes));
    });
    child.send(what, () => undefined);
  });
}

const complaints = new WeakMap<ChildProcess, string>();

/** The line of a program's standard error that says what went wrong, as far as one can tell. */
export function complaintOf(child: ChildProcess): string {
  const lines = (complaints.get(child) ?? "").trim().split("\n");
  return (lines.findLast((line) => /error/i.test(line) && !line.startsWith("    at ")) ?? lines.at(-1) ?? "").trim();
}

/** Asks a program that was started here to end, and makes it end if it does not. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
    return;
  }
  const offspring = family(child.pid);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const impatience = setTimeout(() => {
    for (const pid of offspring) {
      endNow(pid);
    }
  }, STOP_MILLISECONDS);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(impatience);
}

function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** CPU seconds that a process and its children, living and gone, have used so far. */
export function cpuSeconds(pid: number): number {
  return family(pid).reduce((sum, member) => sum + ticks(member) / TICKS_PER_SECOND, 0);
}

function ticks(pid: number): number {
  const stat = readProc(`${pid}/stat`);
  // proc(5): behind the name, which may hold blanks, utime stime cutime cstime are the 12th to 15th field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

/** CPU seconds that all programs on this machine have used so far, and those that its host gave to others (proc(5), steal). */
export function machineSeconds(): { readonly used: number; readonly stolen: number } {
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = (/^cpu +(.*)$/m.exec(readProc("stat"))?.[1] ?? "")
    .split(" ")
    .map(Number);
  return { used: (user + nice + system) / TICKS_PER_SECOND, stolen: steal / TICKS_PER_SECOND };
}

/** Peak resident memory in bytes since `forgetPeak`, children included. */
export function peakMemory(pid: number): number {
  return family(pid).reduce(
    (sum, member) => sum + Number(/VmHWM:\s*(\d+)/.exec(readProc(`${member}/status`))?.[1] ?? 0) * 1024,
    0,
  );
}

/** Lets the peak begin anew at what is resident now (proc(5), clear_refs). */
export function forgetPeak(pid: number): void {
  for (const member of family(pid)) {
    try {
      writeFileSync(`/proc/${member}/clear_refs`, "5");
    } catch {
      // Without the right to do so the peak is the one since the start: higher, never lower.
    }
  }
}

function family(pid: number): number[] {
  const threads = list(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) => readProc(`${pid}/task/${thread}/children`).split(" ").filter(Boolean));
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return "";
  }
}
