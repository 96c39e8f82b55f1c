import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import fetch from "node-fetch";
import { describe, expect, test } from "vitest";
import type { Contact } from "../src/simulator/world.ts";
import { openSubscriber } from "./subscribers.ts";
import { type Answer, ask, type Stage, startStage } from "./support.ts";

const NAMES = "{ textizenGroups(first: 3) { nodes { name } } }";
const STATUS = "{ platformStatus(platform: PIDJ) { platform isAuthorized } }";

function startProduction(env: Record<string, string> = {}): Promise<Stage> {
  return startStage({ env: { NODE_ENV: "production", SNAPSHOT_SECONDS: "0", ...env } });
}

function requestsOf(stage: Stage, route: string): number {
  return stage.simulator.journal.filter((entry) => entry.route === route).length;
}

/** As many equal requests as told, all received before the first is answered. */
async function askTogether(stage: Stage, count: number, query: string, headers?: Record<string, string>) {
  const hold = stage.simulator.fault({ platform: "PIDJ", kind: "hold" });
  let received = 0;
  const port = Number(new URL(stage.app.url).port);
  const onRequest = (message: unknown) => {
    received += (message as { readonly socket: Socket }).socket.localPort === port ? 1 : 0;
  };
  subscribe("http.server.request.start", onRequest);
  const answers = Array.from({ length: count }, () => ask(stage.app.url, query, {}, headers));
  await expect.poll(() => received, { timeout: 20_000 }).toBe(count);
  unsubscribe("http.server.request.start", onRequest);
  // When this one is answered, the bodies before it have been read.
  await ask(stage.app.url, "{ __typename }");
  await hold.arrived;
  hold.release();
  return Promise.all(answers);
}

test("a thousand equal clients at once cost the platform calls of one, and get the same answer", async () => {
  await using stage = await startProduction({ READ_TIMEOUT_MS: "20000", QUERY_TIMEOUT_MS: "30000" });
  const alone = await stage.query(STATUS);
  stage.simulator.clearJournal();
  const answers = await askTogether(stage, 1_000, STATUS);
  expect(requestsOf(stage, "GET /authorization-check")).toBe(1);
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set([JSON.stringify(alone)]));
});

test("an operation that is joined is answered with the headers and bytes of the one that ran", async () => {
  await using stage = await startProduction();
  const post = async () => {
    const response = await fetch(stage.app.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: NAMES }),
    });
    const { date: _date, "x-request-id": _id, ...headers } = Object.fromEntries(response.headers);
    return { status: response.status, headers, body: await response.text() };
  };
  const alone = await post();
  stage.simulator.fault({ platform: "TEXTIZEN", kind: "delay", milliseconds: 60 });
  const together = await Promise.all([post(), post(), post()]);
  expect(together).toEqual([alone, alone, alone]);
});

test("a client who leaves takes nothing from those who asked the same", async () => {
  await using stage = await startProduction();
  await stage.query(STATUS);
  const hold = stage.simulator.fault({ platform: "PIDJ", kind: "hold" });
  const controller = new AbortController();
  const leaving = fetch(stage.app.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: STATUS, variables: {} }),
    signal: controller.signal,
  });
  await hold.arrived;
  const staying = ask(stage.app.url, STATUS);
  await ask(stage.app.url, "{ __typename }");
  controller.abort();
  await expect(leaving).rejects.toThrow();
  hold.release();
  expect((await staying).data.platformStatus[0].isAuthorized).toBe(true);
});

test("executes for each of those who ask for nothing kept", async () => {
  await using stage = await startProduction();
  await stage.query(STATUS);
  stage.simulator.clearJournal();
  await askTogether(stage, 5, STATUS, { "cache-control": "no-cache" });
  expect(requestsOf(stage, "GET /authorization-check")).toBe(5);
});

test("executes for each outside production, so that each says what it cost itself", async () => {
  await using stage = await startProduction({ NODE_ENV: "" });
  await stage.query(STATUS);
  const answers = await askTogether(stage, 5, STATUS);
  // The platform call under way is shared all the same: one of the five has made it.
  expect(sourcesIn(answers)).toEqual(["called", "shared", "shared", "shared", "shared"]);
});

test("says outside production which operations waited for another's list", async () => {
  await using stage = await startProduction({ NODE_ENV: "" });
  const lists = "{ pidjGroups { totalCount } }";
  expect(sourcesIn(await askTogether(stage, 3, lists))).toEqual(["called", "shared", "shared"]);
});

test("executes every mutation, however equal", async () => {
  await using stage = await startProduction();
  const create = 'mutation { createTextizenGroup(input: { name: "Twice" }) { group { id } userErrors { code } } }';
  await stage.query(create);
  const held = stage.simulator.fault({ platform: "TEXTIZEN", kind: "delay", milliseconds: 60 });
  const answers = await Promise.all([1, 2, 3].map(() => stage.query(create)));
  held();
  expect(new Set(answers.map((answer) => answer.data.createTextizenGroup.group.id)).size).toBe(3);
});

test("a query that begins after a write has settled joins none from before it", async () => {
  await using stage = await startProduction();
  await stage.query(NAMES);
  const hold = stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/groups", kind: "hold", times: 1 });
  const before = stage.query(NAMES);
  await hold.arrived;
  const [group] = stage.simulator.world.textizenGroups.values();
  const renamed = await stage.query(
    'mutation ($id: ID!) { updateTextizenGroup(input: { id: $id, name: "Renamed" }) { userErrors { code } } }',
    { id: `group:${group?.id}` },
  );
  expect(renamed.data.updateTextizenGroup.userErrors).toEqual([]);
  const after = await stage.query(NAMES);
  expect(after.data.textizenGroups.nodes[0].name).toBe("Renamed");
  hold.release();
  expect((await before).data.textizenGroups.nodes[0].name).toBe(group?.name);
});

test("equal queries of different transports are executed once", async () => {
  await using stage = await startProduction();
  await stage.query(STATUS);
  stage.simulator.clearJournal();
  const hold = stage.simulator.fault({ platform: "PIDJ", route: "GET /authorization-check", kind: "hold", times: 1 });
  const posted = stage.query(STATUS);
  await hold.arrived;
  await using socket = openSubscriber(stage.app.url, "WebSocket");
  await using stream = openSubscriber(stage.app.url, "server-sent events");
  const others = [socket, stream].map((client) => client.subscribe(STATUS).next());
  // A query behind them on each transport is answered when they have been read.
  await Promise.all([socket, stream].map((client) => client.subscribe("{ __typename }").next()));
  hold.release();
  const { status: _status, ...answer } = await posted;
  expect(await Promise.all(others)).toEqual([answer, answer]);
  expect(requestsOf(stage, "GET /authorization-check")).toBe(1);
});

test("nobody waits longer than QUERY_TIMEOUT_MS because others ask the same meanwhile", async () => {
  await using stage = await startProduction({ QUERY_TIMEOUT_MS: "2000", READ_TIMEOUT_MS: "10000" });
  await stage.query(STATUS);
  const hold = stage.simulator.fault({ platform: "PIDJ", route: "GET /authorization-check", kind: "hold" });
  const settled: string[] = [];
  const asking = (name: string) =>
    stage.query(STATUS).then((answer) => {
      settled.push(name);
      return answer;
    });
  const first = asking("first");
  await hold.arrived;
  await wait(1_500);
  const second = asking("second");
  expect((await first).data.platformStatus[0].isAuthorized).not.toBe(true);
  expect(settled).toEqual(["first"]);
  hold.release();
  // It has its own time.
  expect((await second).data.platformStatus[0].isAuthorized).toBe(true);
});

describe("what this server's own store says is joined only while nothing has changed in it:", () => {
  const both = (fields: string) => `query Both($number: PhoneNumber!) {
    person(phoneNumber: $number) { ${fields} }
    platformStatus(platform: PIDJ) { isAuthorized }
  }`;

  async function askAround(fields: string, change: (stage: Stage, contact: Contact) => Promise<unknown>) {
    await using stage = await startStage({ simulator: { people: 6, polls: 0 }, env: { NODE_ENV: "production" } });
    const [contact] = stage.simulator.world.contacts.values();
    if (contact === undefined) {
      throw new Error("an empty world");
    }
    const ask = async () => (await stage.query(both(fields), { number: contact.phone_number })).data.person;
    await ask();
    const hold = stage.simulator.fault({ platform: "PIDJ", route: "GET /authorization-check", kind: "hold", times: 1 });
    const before = ask();
    await hold.arrived;
    await change(stage, contact);
    await stage.app.services.directory.idle();
    const after = ask();
    await wait(50);
    hold.release();
    return [await before, await after];
  }

  test("an opt-out", async () => {
    const optOut = (stage: Stage, { phone_number }: Contact) =>
      stage.query(
        `mutation { setOptOut(input: { phoneNumber: "${phone_number}", isOptedOut: true, reason: "asked" }) { userErrors { code } } }`,
      );
    const [before, after] = await askAround("optedOutAt", optOut);
    expect(before).toEqual({ optedOutAt: null });
    expect(after).toEqual({ optedOutAt: expect.any(String) });
  });

  test("a link that a read has shown", async () => {
    const read = (stage: Stage, { id }: Contact) => stage.query(`{ contact(id: "${id}") { id } }`);
    const [before, after] = await askAround("contactLink { state }", read);
    expect(before).toEqual({ contactLink: { state: "UNKNOWN" } });
    expect(after).toEqual({ contactLink: { state: "LINKED" } });
  });
});

/** Where the answers say that their records come from: one call in each. */
function sourcesIn(answers: readonly Answer[]): string[] {
  return answers
    .flatMap(({ extensions }) => extensions.platforms.map(({ source }: { source: string }) => source))
    .sort();
}
