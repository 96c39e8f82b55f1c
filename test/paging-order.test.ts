import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SimulatorOptions } from "../src/simulator/simulator.ts";
import type { Participant } from "../src/simulator/world.ts";
import { type Stage, startStage } from "./support.ts";

const SIZES: SimulatorOptions = { people: 120, polls: 0 };
const FRESH = { "cache-control": "no-cache" };
const PAGE = "{ totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } }";
const PARTICIPANTS = `query ($first: Int, $after: String, $last: Int, $before: String, $orderBy: ListOrder, $filter: ParticipantFilter) {
  participants(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy, filter: $filter) ${PAGE}
}`;

interface Row {
  readonly id: string;
  readonly name: string | null;
}
interface OrderBy {
  readonly field: "ID" | "NAME";
  readonly direction: "ASC" | "DESC";
}
type Edge = { readonly cursor: string; readonly node: { readonly id: string } };

/** The order that the schema promises, said as simply as it can be. */
function order(rows: readonly Row[], { field, direction }: OrderBy): string[] {
  const number = (row: Row) => Number(row.id.split(":")[1]);
  const sorted = (some: readonly Row[]) => some.toSorted((a, b) => number(a) - number(b));
  const turned = (some: readonly Row[]) => (direction === "ASC" ? some : some.toReversed());
  if (field === "ID") {
    return turned(sorted(rows)).map(({ id }) => id);
  }
  const key = (row: Row) => (row.name ?? "").trim().toLowerCase();
  const named = sorted(rows.filter(({ name }) => name !== null)).sort((a, b) =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0,
  );
  return [...turned(named), ...turned(sorted(rows.filter(({ name }) => name === null)))].map(({ id }) => id);
}

const orders: OrderBy[] = [
  { field: "ID", direction: "ASC" },
  { field: "ID", direction: "DESC" },
  { field: "NAME", direction: "ASC" },
  { field: "NAME", direction: "DESC" },
];

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ simulator: SIZES });
  const { participants } = stage.simulator.world;
  // Names that differ in letter case and blanks alone, and more people without any: "" is none, too.
  const changes: Record<number, string | null> = { 3: " zoë", 5: "ZOË", 8: "Zoë ", 11: null, 14: null, 17: "" };
  Array.from(participants.values()).forEach((row, at) => {
    participants.put(at in changes ? { ...row, name: changes[at] ?? null } : row);
  });
});
afterAll(() => stage[Symbol.asyncDispose]());

function rowsOf({ simulator }: Stage): Row[] {
  return Array.from(simulator.world.participants.values(), ({ id, name }) => ({
    id: `participant:${id}`,
    name: name || null,
  }));
}

async function page(on: Stage, variables: object, headers = {}) {
  const { data, errors } = await on.query(PARTICIPANTS, variables, headers);
  expect(errors).toBeUndefined();
  const { edges, ...rest } = data.participants;
  return { ...rest, edges: edges as Edge[], ids: (edges as Edge[]).map(({ node }) => node.id) };
}

describe.each(orders)("ordered by $field $direction", (orderBy) => {
  test("pages follow the order, rows without a name last, and cursors lead on from any row", async () => {
    const expected = order(rowsOf(stage), orderBy);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { ids, edges, pageInfo } = await page(stage, { first: 17, after, orderBy });
      seen.push(...ids);
      after = pageInfo.hasNextPage ? (edges.at(-1)?.cursor ?? null) : null;
    } while (after !== null);
    expect(seen).toEqual(expected);
  });

  test("any window is the slice that it would be of the ordered rows", async () => {
    const expected = order(rowsOf(stage), orderBy);
    const cursors = new Map<string, string>();
    for (const half of [{ first: 100 }, { last: 100 }]) {
      const { edges } = await page(stage, { ...half, orderBy });
      for (const { cursor, node } of edges) {
        cursors.set(node.id, cursor);
      }
    }
    const place = fc.option(fc.nat(expected.length - 1));
    const count = fc.nat(100);
    await fc.assert(
      fc.asyncProperty(place, place, count, fc.boolean(), async (after, before, size, isBackwards) => {
        const low = after === null ? 0 : after + 1;
        const high = Math.max(low, before ?? expected.length);
        const start = isBackwards ? Math.max(low, high - size) : low;
        const end = isBackwards ? high : Math.min(high, low + size);
        const cursorAt = (at: number | null) => (at === null ? null : cursors.get(expected[at] ?? ""));
        const got = await page(stage, {
          [isBackwards ? "last" : "first"]: size,
          after: cursorAt(after),
          before: cursorAt(before),
          orderBy,
        });
        expect(got.ids).toEqual(expected.slice(start, end));
        expect(got.totalCount).toBe(expected.length);
        expect(got.pageInfo).toEqual({ hasNextPage: end < expected.length, hasPreviousPage: start > 0 });
      }),
      { numRuns: 60 },
    );
  });

  test("rows that come and go between two pages neither skip nor repeat others", async () => {
    await using own = await startStage({ simulator: SIZES });
    const { participants } = own.simulator.world;
    const before = rowsOf(own);
    const first = await page(own, { first: 30, orderBy }, FRESH);
    const find = (id: string | undefined) => participants.get(Number(id?.split(":")[1])) as Participant;
    // Gone: the row that the cursor names, the one ahead of it, and the next two. Come: one ahead of all, one behind all.
    const wholeOrder = order(before, orderBy);
    const gone = wholeOrder.slice(28, 32).map(find);
    for (const { id } of gone) {
      participants.delete(id);
    }
    participants.put({ ...(gone[0] as Participant), id: 1, name: "!" });
    participants.put({ ...(gone[0] as Participant), id: 99_999, name: "~" });
    const rest: string[] = [];
    let after: string | null = first.edges.at(-1)?.cursor ?? null;
    while (after !== null) {
      const next: Awaited<ReturnType<typeof page>> = await page(own, { first: 30, after, orderBy }, FRESH);
      rest.push(...next.ids);
      after = next.pageInfo.hasNextPage ? (next.edges.at(-1)?.cursor ?? null) : null;
    }
    const newOrder = order(rowsOf(own), orderBy);
    expect(first.ids).toEqual(wholeOrder.slice(0, 30));
    expect(rest).toEqual(newOrder.slice(newOrder.indexOf(wholeOrder[32] ?? "")));
  });
});

test("a cursor of one order is refused in the other, and says what to do", async () => {
  for (const [field, other] of [
    ["ID", "NAME"],
    ["NAME", "ID"],
  ] as const) {
    const { edges } = await page(stage, { first: 1, orderBy: { field, direction: "ASC" } });
    for (const argument of ["after", "before"]) {
      const variables = { [argument]: edges[0]?.cursor, orderBy: { field: other, direction: "ASC" } };
      const { errors } = await stage.query(PARTICIPANTS, variables);
      expect(errors?.[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", retryable: false, argument: [argument] });
      expect(errors?.[0]?.message).toContain("orderBy");
    }
  }
});

test("lists of titles are ordered by title", async () => {
  await using own = await startStage({ simulator: { people: 3, polls: 7, responsesPerPoll: 1 } });
  const { data } = await own.query(`{
    polls(orderBy: { field: NAME, direction: DESC }) { nodes { title } }
    campaigns(orderBy: { field: NAME, direction: ASC }) { nodes { title } }
    surveys(orderBy: { field: NAME, direction: ASC }) { nodes { name } }
    seriesList(orderBy: { field: NAME, direction: DESC }) { nodes { name } }
    pidjGroups(orderBy: { field: NAME, direction: ASC }) { nodes { name } }
  }`);
  const { world } = own.simulator;
  const sorted = (names: string[]) => names.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const titles = (nodes: { title?: string; name?: string }[]) => nodes.map(({ title, name }) => title ?? name);
  expect(titles(data.polls.nodes)).toEqual(sorted([...world.polls.values()].map(({ title }) => title)).reverse());
  expect(titles(data.campaigns.nodes)).toEqual(sorted([...world.campaigns.values()].map(({ title }) => title)));
  expect(titles(data.surveys.nodes)).toEqual(sorted([...world.surveys.values()].map(({ name }) => name)));
  expect(titles(data.seriesList.nodes)).toEqual(sorted([...world.series.values()].map(({ name }) => name)).reverse());
  const active = [...world.pidjGroups.values()].filter((group) => group.is_active);
  expect(titles(data.pidjGroups.nodes)).toEqual(sorted(active.map(({ name }) => name)));
});
