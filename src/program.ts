import { KeysFileError } from "./access/keys-file.ts";
import { ConfigError } from "./environment.ts";
import { StoreError } from "./errors.ts";

/** A stream that a program writes to: stdout or stderr. */
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
  if (error instanceof ConfigError || error instanceof StoreError || error instanceof KeysFileError) {
    return error.message;
  }
  return error instanceof Error
    ? (explainListening(error) ?? explainFile(error) ?? error.stack ?? error.message)
    : String(error);
}

/** Why a file that the user named cannot be opened; null if the error is another one. */
function explainFile(error: Error & { syscall?: unknown; code?: unknown; path?: unknown }): string | null {
  const what = { open: "a file in a folder", scandir: "a folder" }[String(error.syscall)];
  return what !== undefined && typeof error.path === "string"
    ? `${error.path} cannot be opened (${error.code}): name ${what} that is there and that you may use.`
    : null;
}

/** Why the server cannot listen where HOST and PORT say; null if the error is another one. */
function explainListening(error: Error & { syscall?: unknown; code?: unknown; port?: unknown }): string | null {
  if (error.syscall !== "listen" && error.syscall !== "getaddrinfo") {
    return null;
  }
  switch (error.code) {
    case "EADDRINUSE":
      return `Port ${error.port} is in use: end the program that listens there, or set PORT to another one (0 takes a free one).`;
    case "EACCES":
      return `Port ${error.port} is not this user's to listen at: set PORT to one above 1023 (0 takes a free one).`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "HOST is no address of this machine: set it to one, such as 127.0.0.1, or leave it out.";
    default:
      return `The server cannot listen at HOST and PORT: ${error.message}`;
  }
}
