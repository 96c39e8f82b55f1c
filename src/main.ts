import { startApp } from "./app.ts";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { StoreError } from "./errors.ts";

const STOP_WITHIN_MS = 15_000;

/** The program: reads the environment, starts, and stops on a signal. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const app = config.pidj === null && config.textizen === null ? await startSimulated(config) : await startApp(config);
  if (app.webhooks !== null) {
    process.stdout.write(`Pidj forwards texts to ${app.webhooks.pidj}
Textizen's campaigns report to ${app.webhooks.textizen}
`);
  }
  process.stdout.write(`textgraph ready at ${app.url}\n`);
  const stop = () => {
    // Whatever hangs, a stop is a stop.
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
}

async function startSimulated(config: Config) {
  // Only who has no credentials pays for loading it.
  const { startSimulated: start } = await import("./simulated.ts");
  process.stdout.write("No platform credentials are set: simulating both platforms, with people who do not exist.\n");
  return start(config);
}

function fail(error: unknown): never {
  const isForPeople = error instanceof ConfigError || error instanceof StoreError || isListenError(error);
  process.stderr.write(`${isForPeople ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

function isListenError(error: unknown): error is Error {
  return error instanceof Error && "syscall" in error && error.syscall === "listen";
}

main().catch(fail);
