import { readConfig, readSimulation } from "./config.ts";
import { loadEnvFile } from "./env-file.ts";
import { explainFailure } from "./program.ts";
import { stopInOrder } from "./shutdown.ts";

/** The program: reads the environment, starts, and stops on a signal. */
async function main(): Promise<void> {
  const environment = loadEnvFile(process.env);
  const config = readConfig(environment);
  const app = readSimulation(environment, config) ? await simulate() : await serve();
  if (app.webhooks !== null) {
    process.stdout.write(`Pidj forwards texts to ${app.webhooks.pidj}
Textizen's campaigns report to ${app.webhooks.textizen}
`);
  }
  if (app.metricsUrl !== null) {
    process.stdout.write(`Metrics at ${app.metricsUrl}\n`);
  }
  stopInOrder(app);
  process.stdout.write(`textgraph ready at ${app.url}\n`);

  // Both are loaded late: packages look at NODE_ENV when they are loaded, and only `.env` may have set it.
  async function serve() {
    const { startApp } = await import("./app.ts");
    return startApp(config);
  }

  async function simulate() {
    const { startSimulated } = await import("./simulated.ts");
    const reason = environment["SIMULATE"]?.trim() === "on" ? "SIMULATE is on" : "No platform credentials are set";
    process.stdout.write(`${reason}: simulating both platforms, with people who do not exist.\n`);
    const simulated = await startSimulated(config);
    if (config.storeUrl !== null) {
      process.stdout.write("STORE_URL is not used: what simulated platforms do is kept in memory.\n");
    }
    return simulated;
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${explainFailure(error)}\n`);
  process.exit(1);
}

main().catch(fail);
