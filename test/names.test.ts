import { expect, test } from "vitest";
import { foldName } from "../src/names.ts";
import { type Stage, startStage } from "./support.ts";

const SAME: [one: string, other: string][] = [
  ["Café Müller", "Cafe\u{301} Mu\u{308}ller"],
  ["Café Müller", "CAFE\u{301} MU\u{308}LLER"],
  ["Straße", "STRASSE"],
  ["Straße", "STRAẞE"],
  ["Σίσυφος", "ΣΊΣΥΦΟΣ"],
  ["σοφος", "σοφοσ"],
  ["İzmir", "izmir"],
  ["Isparta", "ısparta"],
  ["ﬁnance", "FINANCE"],
  ["ǅ", "dž"],
  ["Ａｄａ", " ada "],
  ["ΐ", "Ϊ́"],
];

async function startNamed(pidj: string, textizen: string): Promise<Stage> {
  const stage = await startStage({ simulator: { people: 3, polls: 1 } });
  const { pidjGroups, textizenGroups } = stage.simulator.world;
  for (const [at, group] of [...pidjGroups.values()].entries()) {
    pidjGroups.put({ ...group, name: at === 0 ? pidj : `P ${at}` });
  }
  for (const [at, group] of [...textizenGroups.values()].entries()) {
    textizenGroups.put({ ...group, name: at === 0 ? textizen : `T ${at}` });
  }
  return stage;
}

test.each(SAME)("%s and %s are one name: groups are counterparts, and either is found by the other", async (a, b) => {
  await using stage = await startNamed(a, b);
  const { data, errors } = await stage.query(
    "query ($a: String, $b: String) { pidjGroups(filter: { name: $b }) { nodes { name counterpart { name } } } textizenGroups(filter: { name: $a }) { nodes { name } } }",
    { a, b },
  );
  expect(errors).toBeUndefined();
  expect(data.pidjGroups.nodes).toEqual([{ name: a, counterpart: { name: b } }]);
  expect(data.textizenGroups.nodes).toEqual([{ name: b }]);
});

test.each([
  ["Muller", "Müller"],
  ["Ana", "Anä"],
  ["Strase", "Straße"],
])("%s and %s are two names", async (a, b) => {
  await using stage = await startNamed(a, b);
  const { data } = await stage.query(`{ pidjGroups(filter: { name: "${a}" }) { nodes { counterpart { name } } } }`);
  expect(data.pidjGroups.nodes).toEqual([{ counterpart: null }]);
});

test("composed and decomposed names stand side by side in the order of names", async () => {
  await using stage = await startStage({ simulator: { people: 12, polls: 1 } });
  const { participants } = stage.simulator.world;
  const names = ["zoe", "E\u{301}va 1", "éva 2", "ÉVA 3", "Zoë"];
  for (const [at, row] of [...participants.values()].entries()) {
    participants.put({ ...row, name: names[at] ?? "ω" });
  }
  const { data } = await stage.query(
    "{ participants(first: 5, orderBy: { field: NAME, direction: ASC }) { nodes { name } } }",
  );
  expect(data.participants.nodes.map(({ name }: { name: string }) => name)).toEqual([
    "zoe",
    "Zoë",
    "E\u{301}va 1",
    "éva 2",
    "ÉVA 3",
  ]);
});

test("no letter case and no Unicode form of any character makes another name", () => {
  const different: string[] = [];
  for (let code = 0; code <= 0x1ffff; code += 1) {
    const character = String.fromCodePoint(code);
    if (/\p{Changes_When_NFKC_Casefolded}|\p{Cased}|\p{Diacritic}/u.test(character)) {
      const name = `a${character}b`;
      const forms = [foldName(name), name.toUpperCase(), name.toLowerCase(), name.normalize("NFD")];
      different.push(...forms.filter((form) => foldName(form) !== foldName(name)));
    }
  }
  expect(different).toEqual([]);
});
