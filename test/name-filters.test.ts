import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stage, startStage } from "./support.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ simulator: { people: 3, polls: 1, pidjGroups: 12, textizenGroups: 12, series: 12 } });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** The names that a list has with these arguments. */
async function namesOf(list: string, args = "first: 100"): Promise<string[]> {
  const { data } = await stage.query(`{ found: ${list}(${args}) { totalCount nodes { name } } }`);
  expect(data.found.totalCount).toBe(data.found.nodes.length);
  return data.found.nodes.map(({ name }: { name: string }) => name);
}

test.each(["pidjGroups", "textizenGroups", "seriesList", "surveys"])(
  "%s is filtered by a part of the name",
  async (list) => {
    const all = await namesOf(list);
    const part = all[0]?.slice(1, 5) ?? "";
    const matching = all.filter((name) => name.toLowerCase().includes(part.toLowerCase()));
    expect(matching.length).toBeLessThan(all.length);

    expect(await namesOf(list, `first: 100, filter: { name: "${part.toUpperCase()}" }`)).toEqual(matching);
    for (const everything of ["filter: null", "filter: {}", 'filter: { name: "" }', "filter: { name: null }"]) {
      expect(await namesOf(list, `first: 100, ${everything}`)).toEqual(all);
    }
  },
);

test.each(["pidjGroups", "textizenGroups"])("%s still takes name, and not together with filter.name", async (list) => {
  const [name = ""] = await namesOf(list);
  expect(await namesOf(list, `name: "${name}"`)).toEqual(await namesOf(list, `filter: { name: "${name}" }`));

  const { errors } = await stage.query(`{ ${list}(name: "a", filter: { name: "b" }) { totalCount } }`);
  expect(errors?.[0]).toMatchObject({
    message: "name says what filter.name says: give filter.name alone.",
    extensions: { code: "BAD_USER_INPUT", argument: ["name"] },
  });
});

test("allSeries is still what seriesList is", async () => {
  expect(await namesOf("allSeries")).toEqual(await namesOf("seriesList"));
});
