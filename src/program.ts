import { ConfigError } from "./environment.ts";
import { StoreError } from "./errors.ts";

/** Where a program writes: stdout or stderr. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Runs a program to its exit code; if it fails, to 1, and says why on stderr. */
export function runProgram(main: () => Promise<number>): void {
  main().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      process.stderr.write(`${explainFailure(error)}\n`);
      process.exitCode = 1;
    },
  );
}

/** One sentence if the program's user can correct it; any other error with its stack. */
export function explainFailure(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StoreError) {
    return error.message;
  }
  return error instanceof Error ? (explainListening(error) ?? error.stack ?? error.message) : String(error);
}

/** Why the server cannot listen where HOST and PORT say; null if the error is another one. */
function explainListening(error: Error & { syscall?: unknown; code?: unknown; port?: unknown }): string | null {
  if (error.syscall !== "listen") {
    return null;
  }
  switch (error.code) {
    case "EADDRINUSE":
      return `Port ${error.port} is in use: end the program that listens there, or set PORT to another one (0 takes a free one).`;
    case "EACCES":
      return `Port ${error.port} is not this user's to listen at: set PORT to one above 1023 (0 takes a free one).`;
    case "EADDRNOTAVAIL":
      return "HOST is not an address of this machine: set it to 127.0.0.1, or leave it out.";
    default:
      return `The server cannot listen at HOST and PORT: ${error.message}`;
  }
}
