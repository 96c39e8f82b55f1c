import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { vitals } from "./vitals.ts";

/**
 * A server that says where it is, and what it holds when it is asked. It kills itself at the point of a send that CRASH_AT
 * names, if it names one.
 */
const { url } = await startApp(readConfig(process.env), {
  pauseAt: async (point) => {
    if (point === process.env["CRASH_AT"]) {
      process.kill(process.pid, "SIGKILL");
      await new Promise(() => undefined);
    }
  },
});
process.on("message", () => process.send?.(vitals()));
process.stdout.write(`${url}\n`);
