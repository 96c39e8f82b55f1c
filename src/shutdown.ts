import type { App } from "./app.ts";

/** Ends the process even if something hangs. */
const STOP_WITHIN_MS = 15_000;

/**
 * Makes the process stop in order: on SIGINT or SIGTERM with exit code 0, and after an error that nothing caught with 1.
 * Operations under way are answered first. A second signal ends the process at once.
 */
export function stopInOrder(app: Pick<App, "close" | "reportFatal">): void {
  let isStopping = false;
  let exitCode = 0;

  function stop(): void {
    if (isStopping) {
      return;
    }
    isStopping = true;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    app
      .close()
      .catch(fail)
      // What was written to stderr before is written out when this callback is called.
      .finally(() => process.stderr.write("", () => process.exit(exitCode)));
  }

  function fail(error: unknown): void {
    exitCode = 1;
    app.reportFatal(error);
  }

  function stopOnSignal(): void {
    if (isStopping) {
      process.exit(1);
    }
    stop();
  }

  function stopOnError(error: unknown): void {
    fail(error);
    stop();
  }

  process.on("SIGINT", stopOnSignal).on("SIGTERM", stopOnSignal);
  // A rejection that nothing handles is raised as an uncaught exception, too: Node.js does so by default.
  process.on("uncaughtException", stopOnError);
}
