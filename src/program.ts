import { ConfigError } from "./config.ts";
import { StoreError } from "./errors.ts";

/** Runs a program to its exit code. What its user can mend is one sentence on stderr; anything else comes with its stack. */
export function runProgram(main: () => Promise<number>): void {
  main().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      const isForPeople = error instanceof ConfigError || error instanceof StoreError;
      process.stderr.write(`${isForPeople ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
