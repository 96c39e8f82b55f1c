import { type Config, readConfig, readSimulation } from "./config.ts";
import { loadEnvFile } from "./env-file.ts";
import { explainFailure } from "./program.ts";
import { stopInOrder } from "./shutdown.ts";
import { isPostgresUrl } from "./store/postgres-url.ts";

/** The program: reads the environment, starts, and stops on a signal. */
async function main(): Promise<void> {
  const environment = loadEnvFile(process.env);
  const config = readConfig(environment);
  const isSimulated = readSimulation(environment, config);
  const app = isSimulated ? await simulate() : await serve();
  if (app.webhooks !== null) {
    // What is not a terminal may be collected as a log, which must hold no secret.
    const show = isSimulated || process.stdout.isTTY ? (url: string) => url : withoutSecret;
    process.stdout.write(`Pidj forwards texts to ${show(app.webhooks.pidj)}
Textizen's campaigns report to ${show(app.webhooks.textizen)}
`);
  }
  if (app.metricsUrl !== null) {
    process.stdout.write(`Metrics at ${app.metricsUrl}\n`);
  }
  if (!isSimulated && signsInAlone(config)) {
    process.stdout.write(
      "STORE_SECRET_KEY is not set: each replica signs in to Textizen by itself (openssl rand -base64 32 makes a key).\n",
    );
  }
  stopInOrder(app);
  process.stdout.write(`textgraph ready at ${app.url}\n`);
  if (!isSimulated) {
    await app.warnOfCredentials((line) => process.stderr.write(line));
  }

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

/** True for one of several servers whose sign-in is of no use to the others. */
function signsInAlone({ storeUrl, replicas, textizen }: Config): boolean {
  const signsIn = textizen !== null && "email" in textizen.credentials;
  return signsIn && isPostgresUrl(storeUrl ?? "") && replicas.secretKey === null;
}

function withoutSecret(webhook: string): string {
  return webhook.replace(/[^/]+$/, "{WEBHOOK_SECRET}");
}

function fail(error: unknown): never {
  process.stderr.write(`${explainFailure(error)}\n`);
  process.exit(1);
}

main().catch(fail);
