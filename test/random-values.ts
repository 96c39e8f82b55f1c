import type { ArgumentValues } from "./random-operations.ts";
import type { Stage } from "./support.ts";

/** What random operations on a stage are drawn from: some of its records, and what is none. */
export async function readValues(stage: Stage): Promise<ArgumentValues> {
  const { world } = stage.simulator;
  const cursors = await readCursors(stage);
  const idsOf = (prefix: string, rows: ReadonlyMap<string | number, unknown>) => [
    ...[...rows.keys()].slice(0, 8).map((id) => `${prefix}${id}`),
    `${prefix || "co:"}99999999`,
  ];
  const numbers = [...world.contacts.values()].slice(0, 12).map((contact) => contact.phone_number);
  return {
    ids: {
      Contact: idsOf("", world.contacts),
      Participant: idsOf("participant:", world.participants),
      Group: [...idsOf("", world.pidjGroups), ...idsOf("group:", world.textizenGroups)],
      Campaign: idsOf("campaign:", world.campaigns),
      Poll: idsOf("poll:", world.polls),
      PollResponse: idsOf("response:", world.responses),
      Mailing: idsOf("mailing:", world.mailings),
      Series: idsOf("", world.series),
      Survey: idsOf("", world.surveys),
      PidjUser: idsOf("", world.pidjUsers),
      Nothing: ["", "nonsense", "participant:x.y"],
    },
    numbers: [...numbers, "+12125550199", "12"],
    cursors: [...cursors, "bm9uc2Vuc2U", ""],
    texts: ["a", "E", "o", "zzz", "", "Volunteers", "+"],
  };
}

/** Cursors of both orders, as the server gives them. */
async function readCursors(stage: Stage): Promise<string[]> {
  const { data } = await stage.query(`{
    participants(first: 6) { edges { cursor } }
    named: participants(first: 6, orderBy: { field: NAME, direction: DESC }) { edges { cursor } }
  }`);
  return [data.participants, data.named].flatMap(({ edges }) => edges.map(({ cursor }: { cursor: string }) => cursor));
}
