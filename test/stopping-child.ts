import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { stopInOrder } from "../src/shutdown.ts";

/** A server that fails in the way that FAILS names, where nothing catches it, when it is sent SIGUSR2. */
const app = await startApp(readConfig(process.env));
stopInOrder(app);
process.on("SIGUSR2", () => {
  const error = new Error("nobody\n    at +14155550100");
  if (process.env["FAILS"] === "by throwing") {
    throw error;
  }
  void Promise.reject(error);
});
process.stdout.write(`textgraph ready at ${app.url}\n`);
