import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { seeded } from "./chance.ts";
import { type Stage, startStage } from "./support.ts";
import { TextClient } from "./text-client.ts";

const CLIENTS = 8;
const TURNS = 350;
const RECORDS = 6;
const HELD_MS = 8;

/** A kind of record, and every way to read and write its name. */
interface Kind {
  readonly idsOf: (stage: Stage) => string[];
  /** What reads nothing back is over while reads that began before it are still held. */
  readonly write: string;
  /** Each with `$id`, `$ids` and `$number` at hand; whatever is in the answer with the record's id says its name. */
  readonly reads: readonly string[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  contact: {
    idsOf: ({ simulator }) => [...simulator.world.contacts.keys()],
    write: `mutation ($id: ID!, $name: String!) {
      updateContact(input: { id: $id, firstName: $name }) { userErrors { message } }
    }`,
    reads: [
      "query ($id: ID!) { contact(id: $id) { id name: firstName } }",
      "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Contact { name: firstName } } }",
      "{ contacts(first: 100) { nodes { id name: firstName } } }",
    ],
  },
  group: {
    idsOf: ({ simulator }) => [...simulator.world.textizenGroups.keys()].map((id) => `group:${id}`),
    write: `mutation ($id: ID!, $name: String!) {
      updateTextizenGroup(input: { id: $id, name: $name }) { userErrors { message } }
    }`,
    reads: [
      "query ($id: ID!) { group(id: $id) { id name } }",
      "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on TextizenGroup { name } } }",
      '{ textizenGroups(filter: { name: "version" }, first: 100) { nodes { id name } } }',
      "{ textizenGroups(first: 100, orderBy: { field: NAME, direction: DESC }) { nodes { id name } } }",
    ],
  },
  participant: {
    idsOf: ({ simulator }) => [...simulator.world.participants.keys()].map((id) => `participant:${id}`),
    write: `mutation ($id: ID!, $name: String!) {
      updateParticipant(input: { id: $id, name: $name }) { participant { id name } userErrors { message } }
    }`,
    reads: [
      "query ($id: ID!) { participant(id: $id) { id name createdAt } }",
      "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Participant { name } } }",
      '{ participants(filter: { name: "version" }, first: 100) { nodes { id name } } }',
      "{ participants(first: 100) { nodes { id name person { participant { id name } } } } }",
    ],
  },
};

/** One record's name, which says how often it was written: what may be seen of it, and when. */
interface Register {
  readonly id: string;
  readonly kind: Kind;
  /** Written by one client at a time, so that there is one order of its versions. */
  isTaken: boolean;
  /** The newest that may be there, and the oldest. */
  begun: number;
  settled: number;
}

interface Named {
  readonly id: string;
  readonly name: string | null;
}

/** Every object in an answer that has an id and a name. */
function* namedIn(value: unknown): Generator<Named> {
  if (typeof value !== "object" || value === null) {
    return;
  }
  if ("id" in value && "name" in value) {
    yield value as Named;
  }
  for (const member of Object.values(value)) {
    yield* namedIn(member);
  }
}

function versionOf({ name }: Named): number {
  return Number(/^version (\d+)$/.exec(name ?? "")?.[1] ?? 0);
}

/** Keeps answers to reads for some milliseconds, so that writes begin and settle after a platform has read its record. */
function holdReads({ simulator }: Stage): () => Promise<void> {
  const end = new AbortController();
  async function hold(platform: "PIDJ" | "TEXTIZEN"): Promise<void> {
    while (!end.signal.aborted) {
      const held = simulator.fault({ platform, route: /^GET/, kind: "hold" });
      await wait(HELD_MS);
      held.release();
    }
  }
  const holding = Promise.all([hold("PIDJ"), hold("TEXTIZEN")]);
  return async () => {
    end.abort();
    await holding;
  };
}

test("a read that begins after a write has settled never shows what was before it", { timeout: 120_000 }, async () => {
  await using stage = await startStage({
    simulator: { people: 24, polls: 0, textizenGroups: RECORDS },
    env: { NODE_ENV: "production" },
  });
  await stage.learnContacts();
  await using client = new TextClient();
  const registers = Object.values(KINDS).flatMap((kind) =>
    kind
      .idsOf(stage)
      .slice(0, RECORDS)
      .map((id): Register => ({ id, kind, isTaken: false, begun: 0, settled: 0 })),
  );
  const byId = new Map(registers.map((register) => [register.id, register]));
  const tally = { lists: 0, writes: 0 };
  const stale: unknown[] = [];
  async function write(register: Register): Promise<void> {
    register.isTaken = true;
    register.begun += 1;
    const version = register.begun;
    const text = await client.post(stage.app.url, register.kind.write, { id: register.id, name: `version ${version}` });
    const [payload] = Object.values((JSON.parse(text) as { data: Record<string, { userErrors: unknown[] }> }).data);
    const [shown] = namedIn(payload);
    expect(payload?.userErrors).toEqual([]);
    expect(shown === undefined ? version : versionOf(shown)).toBe(version);
    register.settled = version;
    register.isTaken = false;
    tally.writes += 1;
  }

  async function read({ id, kind }: Register, query: string): Promise<void> {
    const oldest = new Map(registers.map((register) => [register.id, register.settled]));
    const ids = registers.filter((register) => register.kind === kind).map((register) => register.id);
    // Nothing that is not asked for, so that equal reads of different records are equal operations.
    const variables = query.includes("$ids") ? { ids } : query.includes("$id") ? { id } : {};
    const text = await client.post(stage.app.url, query, variables);
    const answer = JSON.parse(text) as { errors?: unknown };
    tally.lists += /(participants|textizenGroups)\(/.test(query) ? 1 : 0;
    expect(answer.errors).toBeUndefined();
    for (const named of namedIn(answer)) {
      const register = byId.get(named.id);
      const [version, least] = [versionOf(named), oldest.get(named.id)];
      if (register !== undefined && least !== undefined) {
        if (version < least || version > register.begun) {
          stale.push({ query, id: named.id, shown: version, least, most: register.begun });
        }
      }
    }
  }

  async function runClient(seed: number): Promise<void> {
    const pick = seeded(seed);
    for (let turn = 0; turn < TURNS; turn += 1) {
      const register = registers[pick(registers.length)] as Register;
      const { reads } = register.kind;
      await (pick(4) === 0 && !register.isTaken ? write(register) : read(register, reads[pick(reads.length)] ?? ""));
    }
  }

  const stopHolding = holdReads(stage);
  await Promise.all(Array.from({ length: CLIENTS }, (_, seed) => runClient(seed)));
  await stopHolding();
  expect(stale.slice(0, 3)).toEqual([]);
  // Or there would have been little to see: many writes, and lists that were kept between them.
  const lists = stage.calls().filter((call) => /GET \/api\/(groups|participants)$/.test(call)).length;
  expect(tally.writes).toBeGreaterThan(CLIENTS * TURNS * 0.15);
  expect(lists).toBeLessThan(tally.lists);
});
