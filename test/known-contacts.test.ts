import { expect, test } from "vitest";
import { type Stage, startStage } from "./support.ts";

// Pidj gives no list here: the contacts that the directory knows are cut into pages, and each is read.
const PAGE = `query ($first: Int, $after: String, $last: Int, $before: String, $orderBy: ListOrder) {
  contacts(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy) {
    nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

interface Page {
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

async function page({ query }: Stage, variables: object): Promise<Page> {
  const { data, errors } = await query(PAGE, variables);
  expect(errors).toBeUndefined();
  return data.contacts;
}

/** Reads every page, and returns the ids of each. */
async function walk(stage: Stage, direction: "forwards" | "backwards", args: object): Promise<string[][]> {
  const pages: string[][] = [];
  for (let place: object = {}; ; ) {
    const count = direction === "forwards" ? { first: 5 } : { last: 5 };
    const { nodes, pageInfo } = await page(stage, { ...args, ...count, ...place });
    pages.push(nodes.map(({ id }) => id));
    const hasMore = direction === "forwards" ? pageInfo.hasNextPage : pageInfo.hasPreviousPage;
    if (!hasMore) {
      return pages;
    }
    place = direction === "forwards" ? { after: pageInfo.endCursor } : { before: pageInfo.startCursor };
    expect(Object.values(place)).toEqual([expect.any(String)]);
  }
}

test.each([
  ["forwards", "ASC"],
  ["backwards", "ASC"],
  ["forwards", "DESC"],
  ["backwards", "DESC"],
] as const)("pages of which every contact was deleted are gone past, %s, %s", async (walked, direction) => {
  await using stage = await startStage({ simulator: { people: 30, polls: 0 } });
  await stage.learnContacts();
  const { contacts } = stage.simulator.world;
  const ids = [...contacts.keys()].sort();
  const left = [...ids.slice(0, 3), ...ids.slice(-3)];
  for (const id of ids.slice(3, -3)) {
    contacts.delete(id);
  }
  const pages = await walk(stage, walked, { orderBy: { field: "ID", direction } });
  expect(pages.some((page) => page.length === 0)).toBe(true);
  const inOrder = walked === "backwards" ? pages.toReversed().flat() : pages.flat();
  expect(inOrder).toEqual(direction === "DESC" ? left.toReversed() : left);
});

test("a page begins and ends where it was cut, whoever of it is left", async () => {
  await using stage = await startStage({ simulator: { people: 12, polls: 0 } });
  await stage.learnContacts();
  const { contacts } = stage.simulator.world;
  const ids = [...contacts.keys()].sort();
  const whole = await page(stage, { first: 4 });
  contacts.delete(ids[0] ?? "");
  contacts.delete(ids[3] ?? "");
  const { nodes, pageInfo } = await page(stage, { first: 4 });
  expect(nodes).toEqual([{ id: ids[1] }, { id: ids[2] }]);
  expect(pageInfo).toEqual(whole.pageInfo);
  expect((await page(stage, { first: 1, after: pageInfo.endCursor })).nodes).toEqual([{ id: ids[4] }]);
});

test("a page that nothing was cut for has no cursors", async () => {
  await using stage = await startStage({ simulator: { people: 3, polls: 0 } });
  const { pageInfo } = await page(stage, { first: 5 });
  expect(pageInfo).toMatchObject({ hasNextPage: false, startCursor: null, endCursor: null });
});
