import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { World } from "../src/simulator/world.ts";
import { type Answer, type Stage, startStage } from "./support.ts";

/** A connection: how it is asked for, and the ids that it holds, in order, as the simulated world has them. */
interface Connection {
  /** The document around `page`, which stands for the arguments in brackets and the selection. */
  readonly wrap: (page: string) => string;
  readonly name: string;
  readonly read: (data: Answer["data"]) => Page;
  readonly expected: (world: World) => string[];
}

interface Page {
  readonly totalCount: number;
  readonly nodes: readonly { readonly id: string }[];
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const PAGE = `{
  totalCount nodes { id } edges { cursor node { id } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}`;

const byText = (ids: Iterable<string>) => [...ids].sort();
const numbered = (word: string, ids: Iterable<number>) => [...ids].sort((a, b) => a - b).map((id) => `${word}:${id}`);
const top = (name: string, expected: Connection["expected"]): Connection => ({
  name,
  wrap: (page) => `{ ${name}${page} }`,
  read: (data) => data[name],
  expected,
});

const active = (world: World) => [...world.pidjGroups.values()].filter((group) => group.is_active).map(({ id }) => id);
const members = (world: World) =>
  [...world.participants.values()].filter((one) => one.group_ids.includes(71)).map(({ id }) => id);
const answers = (world: World) =>
  [...world.responses.values()].filter((one) => one.poll_id === 301).map(({ id }) => id);

const connections: Connection[] = [
  top("contacts", (world) => byText(world.contacts.keys())),
  top("pidjGroups", (world) => byText(active(world))),
  top("seriesList", (world) => byText(world.series.keys())),
  top("surveys", (world) => byText(world.surveys.keys())),
  top("participants", (world) => numbered("participant", world.participants.keys())),
  top("textizenGroups", (world) => numbered("group", world.textizenGroups.keys())),
  top("campaigns", (world) => numbered("campaign", world.campaigns.keys())),
  top("polls", (world) => numbered("poll", world.polls.keys())),
  {
    name: "TextizenGroup.participants",
    wrap: (page) => `{ group(id: "group:71") { ... on TextizenGroup { participants${page} } } }`,
    read: (data) => data.group.participants,
    expected: (world) => numbered("participant", members(world)),
  },
  {
    name: "Poll.responses",
    wrap: (page) => `{ poll(id: "poll:301") { responses${page} } }`,
    read: (data) => data.poll.responses,
    expected: (world) => numbered("response", answers(world)),
  },
];

const SIZES = {
  people: 75,
  polls: 13,
  responsesPerPoll: 45,
  pidjGroups: 9,
  series: 8,
  surveys: 8,
  textizenGroups: 9,
  campaigns: 9,
};
let stage: Stage;
let listed: Stage;

beforeAll(async () => {
  stage = await startStage({ simulator: SIZES });
  await stage.learnContacts();
  listed = await startStage({ simulator: { ...SIZES, contactsList: true }, env: { PIDJ_CONTACTS_LIST: "on" } });
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await listed[Symbol.asyncDispose]();
});

async function readPage(on: Stage, { wrap, read }: Connection, args: string): Promise<Page> {
  const { data, errors } = await on.query(wrap(`${args === "" ? "" : `(${args})`} ${PAGE}`));
  expect(errors).toBeUndefined();
  return read(data);
}

function idsOf(page: Page): string[] {
  return page.nodes.map(({ id }) => id);
}

const everywhere = [
  ...connections.map((each) => [each.name, each, () => stage] as const),
  ["contacts, as Pidj lists them", connections[0] as Connection, () => listed] as const,
];

describe.each(everywhere)("%s", (_name, connection, on) => {
  const expected = () => connection.expected(on().simulator.world);

  test("forwards: all rows in order, none twice, and it says where it ends", async () => {
    const seen: string[] = [];
    let after = "";
    for (let turn = 0; turn * 7 <= expected().length; turn += 1) {
      const page = await readPage(on(), connection, `first: 7${after}`);
      seen.push(...idsOf(page));
      expect(page.totalCount).toBe(expected().length);
      expect(page.edges.map(({ node }) => node.id)).toEqual(idsOf(page));
      expect(page.pageInfo).toEqual({
        hasNextPage: seen.length < expected().length,
        hasPreviousPage: turn > 0,
        startCursor: page.edges.at(0)?.cursor ?? null,
        endCursor: page.edges.at(-1)?.cursor ?? null,
      });
      if (!page.pageInfo.hasNextPage) {
        break;
      }
      after = `, after: "${page.pageInfo.endCursor}"`;
    }
    expect(seen).toEqual(expected());
  });

  test("backwards: all rows in the same order, none twice, and it says where it begins", async () => {
    const seen: string[] = [];
    let before = "";
    for (let turn = 0; turn * 7 <= expected().length; turn += 1) {
      const page = await readPage(on(), connection, `last: 7${before}`);
      seen.unshift(...idsOf(page));
      expect(page.pageInfo).toEqual({
        hasNextPage: turn > 0,
        hasPreviousPage: seen.length < expected().length,
        startCursor: page.edges.at(0)?.cursor ?? null,
        endCursor: page.edges.at(-1)?.cursor ?? null,
      });
      if (!page.pageInfo.hasPreviousPage) {
        break;
      }
      before = `, before: "${page.pageInfo.startCursor}"`;
    }
    expect(seen).toEqual(expected());
  });

  test("a page is of 20 rows where nobody says otherwise, at most 100, and of none it gives the count alone", async () => {
    expect(idsOf(await readPage(on(), connection, ""))).toEqual(expected().slice(0, 20));
    expect(idsOf(await readPage(on(), connection, "first: 100"))).toEqual(expected().slice(0, 100));
    expect(idsOf(await readPage(on(), connection, "last: 100"))).toEqual(expected().slice(-100));
    const nulls = "first: null, last: null, after: null, before: null";
    expect(idsOf(await readPage(on(), connection, nulls))).toEqual(expected().slice(0, 20));
    for (const none of ["first: 0", "last: 0"]) {
      const page = await readPage(on(), connection, none);
      expect(page).toMatchObject({ totalCount: expected().length, nodes: [], edges: [] });
      expect(page.pageInfo).toMatchObject({ startCursor: null, endCursor: null });
    }
  });

  test("between two cursors: only the rows between them", async () => {
    const { edges } = await readPage(on(), connection, "first: 7");
    const between = `after: "${edges[1]?.cursor}", before: "${edges[5]?.cursor}"`;
    const middle = expected().slice(2, Math.min(5, expected().length));
    expect(idsOf(await readPage(on(), connection, `first: 10, ${between}`))).toEqual(middle);
    expect(idsOf(await readPage(on(), connection, `last: 10, ${between}`))).toEqual(middle);
    expect(idsOf(await readPage(on(), connection, `first: 1, ${between}`))).toEqual(middle.slice(0, 1));
    expect(idsOf(await readPage(on(), connection, `last: 1, ${between}`))).toEqual(middle.slice(-1));
    const crossed = `after: "${edges[5]?.cursor}", before: "${edges[1]?.cursor}"`;
    expect(idsOf(await readPage(on(), connection, `first: 10, ${crossed}`))).toEqual([]);
  });

  const wrong: [args: string, argument: string][] = [
    ["first: 1, last: 1", "last"],
    ["first: -1", "first"],
    ["last: -1", "last"],
    ["first: 101", "first"],
    ["last: 101", "last"],
    [`after: "not a cursor"`, "after"],
    [`before: ""`, "before"],
    [`after: "${cursor(["ID"])}"`, "after"],
    [`after: "${cursor({ id: "poll:3" })}"`, "after"],
    [`before: "${cursor(["ID", 3])}"`, "before"],
    [`before: "${cursor(["NAME", "poll:3", "parks"])}"`, "before"],
  ];
  test.each(wrong)("%s is BAD_USER_INPUT and names the argument", async (args, argument) => {
    const { errors } = await on().query(connection.wrap(`(${args}) ${PAGE}`));
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.message).toMatch(new RegExp(`\\b${argument}\\b`));
    expect(errors?.[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", retryable: false, argument: [argument] });
  });
});

function cursor(content: unknown): string {
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}
