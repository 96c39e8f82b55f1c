import { expect, test, vi } from "vitest";
import { startContactListSync } from "../src/background/contact-list-sync.ts";
import { startStage } from "./support.ts";

const ROUTE = "GET /contacts";

interface List {
  readonly contacts: readonly object[];
}

/** A server that has learned so many contacts from the list, and may read it again with its answers changed. */
async function open(people: number) {
  const stage = await startStage({
    simulator: { people, polls: 0, contactsList: true },
    env: { PIDJ_CONTACTS_LIST: "on" },
  });
  const { services } = stage.app;
  const size = stage.simulator.world.contacts.size;
  await vi.waitFor(async () => expect(await services.directory.count()).toBe(size));
  stage.calls();
  const warnings: string[] = [];
  return {
    size,
    warnings,
    calls: stage.calls,
    count: services.directory.count,
    read: (times: number, change: (list: List) => unknown) => {
      stage.simulator.fault({
        kind: "rewrite",
        platform: "PIDJ",
        route: ROUTE,
        times,
        rewrite: (json) => change(json as List),
      });
      startContactListSync({ ...services, warn: (message) => warnings.push(message) }, 60);
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}

function warning(known: number, verdict: string, listed = 0): string {
  return `Pidj's contact list had ${listed} of ${known} known contacts ${verdict}`;
}

const emptied = (list: List) => ({ ...list, contacts: [] });

test("a list that is empty where hundreds were known is read once more, and is not believed if that differs", async () => {
  await using server = await open(300);
  server.read(1, emptied);
  await vi.waitFor(() => expect(server.warnings).toEqual([warning(server.size, "once, and is not believed")]));
  expect(server.calls()).toEqual([`PIDJ ${ROUTE}`, `PIDJ ${ROUTE}`]);
  expect(await server.count()).toBe(server.size);
});

test("a list that is empty twice is believed, and warned of", async () => {
  await using server = await open(300);
  server.read(2, emptied);
  await vi.waitFor(async () => expect(await server.count()).toBe(0));
  expect(server.warnings).toEqual([warning(server.size, "twice: those that it lacks are forgotten")]);
  expect(server.calls()).toHaveLength(2);
});

test("a list that has lost most of those that were known is as doubtful as an empty one", async () => {
  await using server = await open(300);
  server.read(1, ({ contacts, ...list }) => ({ ...list, contacts: contacts.slice(0, 50) }));
  await vi.waitFor(() => expect(server.warnings).toEqual([warning(server.size, "once, and is not believed", 50)]));
  expect(await server.count()).toBe(server.size);
});

test("a list that is empty where few were known is believed at once", async () => {
  await using server = await open(20);
  server.read(1, emptied);
  await vi.waitFor(async () => expect(await server.count()).toBe(0));
  expect(server.calls()).toHaveLength(1);
  expect(server.warnings).toEqual([]);
});

test("contacts whose number cannot be read in the list, or is left out, stay as they are known", async () => {
  await using server = await open(20);
  server.read(1, ({ contacts, ...list }) => ({
    ...list,
    contacts: contacts.slice(1).map((contact, at) => ({ ...contact, phone_number: at % 2 ? ["+1"] : undefined })),
  }));
  await vi.waitFor(async () => expect(await server.count()).toBe(server.size - 1));
  expect(server.warnings).toEqual([]);
});
