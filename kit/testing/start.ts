import { readConfig } from "../../src/config.ts";
import { startSimulated } from "../../src/simulated.ts";
import type { StartTextgraph } from "./textgraph.ts";

// The server's own code, so that a frontend's tests meet what its users will. The build puts it into one file of the package.

export const startTextgraph: StartTextgraph = async ({ env = {}, ...sizes } = {}) => {
  // A test may block the event loop as long as it likes: the server is not overloaded by that.
  const config = readConfig({ PORT: "0", LOG_LEVEL: "silent", SIMULATE: "on", OVERLOAD_LAG_MS: "60000", ...env });
  const app = await startSimulated(config, sizes);
  const { simulator } = app;
  simulator.clearJournal();
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= app.close();
    return closed;
  };
  return {
    url: app.url,
    phoneNumber: app.exampleNumber,
    calls: () =>
      simulator.journal
        .filter(({ path }) => !path.includes("sign_in"))
        .map(({ platform, route }) => `${platform} ${route}`),
    forgetCalls: simulator.clearJournal,
    sent: () => [...simulator.ledger],
    fault: simulator.fault,
    receiveText: async ({ from, message, groupId }) => {
      const status = await simulator.forwardText({ from, message, group_id: groupId ?? null });
      if (status >= 300) {
        throw new Error(`The server did not take the text: HTTP ${status}.`);
      }
    },
    simulator,
    close,
    [Symbol.asyncDispose]: close,
  };
};
