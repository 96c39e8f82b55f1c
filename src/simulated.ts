import { randomBytes } from "node:crypto";
import { type App, startApp } from "./app.ts";
import { createContactReader } from "./commands/import-contacts.ts";
import type { Config } from "./config.ts";
import { parseId } from "./ids.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "./simulator/simulator.ts";
import { importContacts } from "./store/contact-import.ts";
import { describeStore } from "./store/open.ts";

/** The running server, and the platforms that it believes in. */
export interface SimulatedApp extends App {
  readonly simulator: Simulator;
  /** The number in the explorer's first query: somebody on both platforms. */
  readonly exampleNumber: string;
}

/**
 * Runs the graph over simulated platforms, with a filled directory, so that the first query shows people on both.
 * Everything is kept in memory, whatever STORE_URL says: a later start against the platforms must not find attempts
 * that a simulator accepted.
 */
export async function startSimulated(config: Config, options: SimulatorOptions = {}): Promise<SimulatedApp> {
  if (config.storeUrl !== null) {
    // A wrong value stops this start too.
    describeStore(config.storeUrl);
  }
  const { webhookSecrets, chatterSeconds } = config.events;
  const simulator = await startSimulator({
    ...options,
    contactsList: config.contactsListMinutes !== null,
    ...(chatterSeconds !== null && { chatterSeconds }),
  });
  const { pidj, textizen, world } = simulator;
  const contactIds = [...world.contacts.values()].map(({ id }) => parseId("Contact", id)).filter((id) => id !== null);
  const exampleNumber = findSharedNumber(simulator);
  const app = await startApp(
    {
      ...config,
      pidj: { baseUrl: pidj.url, accountKey: pidj.accountKey, token: pidj.token },
      textizen: {
        baseUrl: textizen.url,
        credentials: { email: textizen.email, password: textizen.password },
        tokenIn: "body",
        participantUpdate: "top",
        unsubscribe: "wrapped",
        sendAtZone: null,
      },
      ssoNextHosts: null,
      defaultRegion: "US",
      storeUrl: "sqlite::memory:",
      events: {
        ...config.events,
        webhookSecrets: webhookSecrets.length > 0 ? webhookSecrets : [randomBytes(24).toString("base64url")],
      },
    },
    {
      exampleNumber,
      beforeListening: async ({ pidj: { client }, directory, now }) => {
        await importContacts({ ids: contactIds, read: createContactReader(client), directory, concurrency: 16, now });
      },
    },
  );
  // The address that it listens at, because the simulated platforms run in the same process, whatever PUBLIC_URL says.
  const inside = (url = "") => new URL(url.slice(url.lastIndexOf("/webhooks/")), app.url).href;
  simulator.pushTo({ forwardTo: inside(app.webhooks?.pidj), webhookTo: inside(app.webhooks?.textizen) });
  return {
    ...app,
    simulator,
    exampleNumber,
    close: async () => {
      await app.close();
      await simulator.close();
    },
  };
}

/** A person on both platforms, in a group that is on both too, so that the first query shows every link. */
function findSharedNumber({ world }: Simulator): string {
  const groupNames = new Set([...world.pidjGroups.values()].map(({ name }) => name.trim().toLowerCase()));
  const isShared = (groupId: number) =>
    groupNames.has(world.textizenGroups.get(groupId)?.name.trim().toLowerCase() ?? "");
  const contactNumbers = new Set([...world.contacts.values()].map((contact) => contact.phone_number));
  const both = [...world.participants.values()].filter(
    (participant) => !participant.is_masked && contactNumbers.has(`+${participant.phone_number}`),
  );
  const best = both.find((participant) => participant.group_ids.some(isShared)) ?? both[0];
  return best === undefined ? "+14155551212" : `+${best.phone_number}`;
}
