import { expect, test } from "vitest";
import { closeUnreleased, findFaults } from "../src/commands/schema-evolution.ts";

const SCOPES = "directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT\n";
const FIELD = 'name: String @requiresScopes(scopes: [["contacts:read"]])';
const OLD = 'old: Int @deprecated(reason: "Use `name`. Removed on 2027-06-01 at the earliest.")';
const RELEASED = `${SCOPES}type Query { ${FIELD} ${OLD} list(first: Int): [Int!]! } enum State { ON OFF } input In { a: Int }`;

async function faultsAfter(
  [was, becomes]: readonly [string, string],
  { changelog = "## Unreleased\n", today = "2027-01-01" } = {},
) {
  expect(RELEASED).toContain(was);
  const current = RELEASED.replace(was, becomes);
  return findFaults({ released: RELEASED, current, changelog, today: new Date(today) });
}

test.each([
  ["a field", ["list(", "more: Int @requiresScopes(scopes: [[]]) list("]],
  ["an optional argument", ["first: Int", "first: Int, after: String"]],
  ["an enum value", ["ON OFF", "ON OFF UNKNOWN"]],
  ["a type", ["enum State", 'type New @requiresScopes(scopes: [["x"]]) { a: Int } enum State']],
  ["freedom from a scope", [FIELD, "name: String"]],
  ["a deprecation that keeps to the form", ["a: Int", `a: Int ${OLD.slice("old: Int ".length)}`]],
] as const)("%s may be added without a note", async (_, change) => {
  expect(await faultsAfter(change)).toEqual([]);
});

test.each([
  ["a field is gone", ["list(first: Int): [Int!]!", ""], "Query.list"],
  ["an argument is gone", ["(first: Int)", ""], "Query.list.first"],
  ["an argument became required", ["first: Int", "first: Int!"], "Query.list.first"],
  ["a result may be null now", ["[Int!]!", "[Int!]"], "Query.list"],
  ["an enum value is gone", ["ON OFF", "ON"], "State.OFF"],
  ["an input field is required", ["a: Int", "a: Int b: Int!"], "In.b"],
  ["another scope is asked for", ["contacts:read", "users:admin"], "Query.name.@requiresScopes.scopes"],
  ["a scope is asked for", ["list(", 'list: Int @requiresScopes(scopes: [["x"]]) was('], "Query.list.@requiresScopes"],
] as const)("it is refused that %s, until a note under Breaking names it", async (_, change, path) => {
  const faults = await faultsAfter(change);
  expect(faults.join("\n")).toContain(`explain \`${path}\` under Breaking`);

  const elsewhere = `## Unreleased\n\n- \`${path}\`\n\n## 0.1.0\n\n### Breaking\n\n- \`${path}\`\n`;
  expect(await faultsAfter(change, { changelog: elsewhere })).toEqual(faults);

  const paths = faults.map((fault) => /explain (`[^`]+`)/.exec(fault)?.[1]).join(", ");
  const changelog = `## Unreleased\n\n### Breaking\n\n- ${paths}: it never worked.\n\n## 0.1.0\n`;
  expect(await faultsAfter(change, { changelog })).toEqual([]);
});

test("what is deprecated stays until the day that was promised, whatever the note says", async () => {
  const changelog = "## Unreleased\n\n### Breaking\n\n- `Query.old` is gone.\n";
  expect(await faultsAfter([OLD, ""], { changelog })).toEqual([expect.stringContaining("promised until 2027-06-01")]);
  expect(await faultsAfter([OLD, ""], { changelog, today: "2027-06-02" })).toEqual([]);
});

test("a deprecation without a replacement and a day is refused", async () => {
  const faults = await faultsAfter(["a: Int", 'a: Int @deprecated(reason: "It is old.")']);
  expect(faults).toEqual([expect.stringMatching(/^The deprecation of In\.a needs the reason "Use … \./)]);
});

test("a release takes over what was unreleased, once for each version", () => {
  const released = closeUnreleased("# Log\n\n## Unreleased\n\n- New.\n", "0.2.0", new Date("2027-01-02"));

  expect(released).toBe("# Log\n\n## Unreleased\n\n## 0.2.0 (2027-01-02)\n\n- New.\n");
  expect(() => closeUnreleased(released, "0.2.0", new Date())).toThrow("raise the version");
});
