import { join } from "node:path";
import { LOAD_CORE, start, stop } from "./processes.ts";
import { CONTROL_PORT, PLATFORM_PORT } from "./servers.ts";

/** Platforms that answer from a process of their own, upstream.ts. */
export interface Platforms extends AsyncDisposable {
  readonly pid: number;
  /** Answers with so many participants, so many milliseconds late. */
  hold(rows: number, latency: number): Promise<void>;
  /** Milliseconds that the calls since the last time took there, together. */
  takeSpent(): Promise<number>;
}

/** Throws where the ports are taken. */
export async function startPlatforms(): Promise<Platforms> {
  if (await isUp()) {
    throw new Error(`something else answers on port ${CONTROL_PORT}`);
  }
  const program = join(import.meta.dirname, "upstream.ts");
  const child = start(
    { file: process.execPath, args: [program, String(PLATFORM_PORT), String(CONTROL_PORT)] },
    LOAD_CORE,
  );
  for (let tries = 0; !(await isUp()); tries += 1) {
    if (tries === 100 || child.exitCode !== null) {
      throw new Error(`the platforms did not start on ports ${PLATFORM_PORT} and ${CONTROL_PORT}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    pid: child.pid ?? 0,
    hold: async (rows, latency) => {
      await control(`hold?rows=${rows}&latency=${latency}`);
    },
    takeSpent: async () => {
      const spent = Number(await (await control("spent")).text());
      await control("reset");
      return spent;
    },
    [Symbol.asyncDispose]: () => stop(child),
  };
}

function isUp(): Promise<boolean> {
  return control("counts").then(
    (answer) => answer.ok,
    () => false,
  );
}

function control(command: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${CONTROL_PORT}/${command}`);
}
