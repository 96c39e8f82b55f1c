import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";

/** A server that says where it is, and kills itself at the point of a send that CRASH_AT names, if it names one. */
const { url } = await startApp(readConfig(process.env), {
  pauseAt: async (point) => {
    if (point === process.env["CRASH_AT"]) {
      process.kill(process.pid, "SIGKILL");
      await new Promise(() => undefined);
    }
  },
});
process.stdout.write(`${url}\n`);
