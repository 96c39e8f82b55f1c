import { expect, test } from "vitest";
import { type Detailed, Resource, type ResourceReads } from "../src/loaders/resource.ts";

/** Records whose list fails, and what was asked of them. */
function createReads(changes: Partial<ResourceReads<Detailed>> = {}) {
  const details: string[] = [];
  const recorded: (readonly [records: number, isMeasured: boolean])[] = [];
  const reads: ResourceReads<Detailed> = {
    list: () => Promise.reject(new Error("no list")),
    waitMilliseconds: () => 1_000,
    prefersList: async () => true,
    recordDetails: (records, milliseconds) => void recorded.push([records, milliseconds >= 0]),
    detail: async (id) => {
      details.push(id);
      return id === "bad" ? Promise.reject(new Error("down")) : { id, isDetail: true };
    },
    ...changes,
  };
  return { resource: new Resource(reads), details, recorded };
}

const idsTo = (count: number) => Array.from({ length: count }, (_, at) => `${at}`);

test("a hundred records are read by id in place of a list that fails, and a hundred and one are not", async () => {
  const few = createReads();
  expect(await Promise.all(idsTo(100).map((id) => few.resource.row(id)))).toHaveLength(100);
  expect(few.details).toHaveLength(100);
  const many = createReads();
  const outcomes = await Promise.allSettled(idsTo(101).map((id) => many.resource.row(id)));
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["rejected"]));
  expect(many.details).toHaveLength(0);
});

test("a list that takes too long is not waited for", async () => {
  const { resource, details } = createReads({ list: () => new Promise(() => undefined), waitMilliseconds: () => 20 });
  expect(await resource.row("a")).toEqual({ id: "a", isDetail: true });
  expect(details).toEqual(["a"]);
});

test("reads by id are measured together, once for each record, and not if one of them failed", async () => {
  const { resource, recorded } = createReads({ prefersList: async () => false });
  await Promise.all(["a", "b", "c", "a"].map((id) => resource.row(id)));
  await expect(Promise.all(["d", "bad"].map((id) => resource.row(id)))).rejects.toThrow("down");
  expect(recorded).toEqual([[3, true]]);
});
