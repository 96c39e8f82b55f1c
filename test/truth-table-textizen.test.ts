import { describe, expect, test } from "vitest";
import { type Answer, type Stage, startStage } from "./support.ts";
import { run, writesOf } from "./textizen-wire.ts";

/** What becomes of a value: it stands on the wire as something, is left out there, or is refused with a code. */
type Fate = { readonly sent: unknown } | "left out" | "INVALID_INPUT" | "BAD_USER_INPUT";

const NULL: Fate = { sent: null };
const STORED = "2099-01-01T00:00:00.000Z";

const GROUP = { name: "Cyclists" };
const CAMPAIGN = { title: "Parks", description: "What residents think", organizationId: 1 };
const POLL = { title: "Parks", errorMessage: "Sorry?", language: "en", isActive: true };
const PARTICIPANT = { phoneNumber: "+14155551212", name: "Jane Q Public" };
const MAILING = { pollId: "poll:301", sendAt: "2099-03-14T19:26:53.895Z" };
const LOCAL = { dateTime: "2099-07-04T09:00", timeZone: "America/Los_Angeles" };
const LOCAL_INSTANT = "2099-07-04T16:00:00.000Z";
const GROUPS = { groupIds: ["group:71"] };
const NUMBERS = { phoneNumbers: ["+14155551212"] };

/** Every optional field of Textizen's mutations; an update's base changes something else, or it would be refused. */
const TABLE: readonly (readonly [
  mutation: string,
  field: string,
  wire: string,
  base: object,
  fates: { readonly absent: Fate; readonly null: Fate; readonly empty: readonly [value: unknown, fate: Fate] },
])[] = [
  ["createTextizenGroup", "idempotencyKey", "idempotency_key", GROUP, creation("", "INVALID_INPUT")],
  ["createCampaign", "infoMessage", "campaign.info_message", CAMPAIGN, creation("")],
  ["createCampaign", "webhookUrl", "campaign.webhook_url", CAMPAIGN, creation("", "BAD_USER_INPUT")],
  ["createCampaign", "exchange", "campaign.exchange", CAMPAIGN, creation("")],
  ["createCampaign", "idempotencyKey", "idempotency_key", CAMPAIGN, creation("", "INVALID_INPUT")],
  ["createParticipant", "campaignId", "campaign_id", PARTICIPANT, creation("", "INVALID_INPUT")],
  ["createParticipant", "idempotencyKey", "idempotency_key", PARTICIPANT, creation("", "INVALID_INPUT")],
  ["createPoll", "confirmation", "poll.confirmation", POLL, creation("")],
  ["createPoll", "isPublic", "poll.public", POLL, creation("", "BAD_USER_INPUT")],
  ["createPoll", "type", "poll.type", POLL, creation("")],
  ["createPoll", "idempotencyKey", "idempotency_key", POLL, creation("", "INVALID_INPUT")],
  [
    "createMailing",
    "sendAt",
    "mailing.send_at",
    { pollId: "poll:301", ...NUMBERS, sendAtLocal: LOCAL, idempotencyKey: "1" },
    { absent: { sent: LOCAL_INSTANT }, null: { sent: LOCAL_INSTANT }, empty: ["", "BAD_USER_INPUT"] },
  ],
  [
    "createMailing",
    "sendAtLocal",
    "mailing.send_at",
    { ...MAILING, ...NUMBERS, idempotencyKey: "1" },
    { absent: { sent: MAILING.sendAt }, null: { sent: MAILING.sendAt }, empty: [{}, "BAD_USER_INPUT"] },
  ],
  ["createMailing", "groupIds", "mailing.group_ids", { ...MAILING, ...NUMBERS, idempotencyKey: "1" }, creation([])],
  [
    "createMailing",
    "phoneNumbers",
    "mailing.phone_numbers_list",
    { ...MAILING, ...GROUPS, idempotencyKey: "1" },
    creation([]),
  ],
  [
    "updateParticipant",
    "phoneNumber",
    "phone_number",
    { id: "participant:1001", name: "Katherine" },
    { absent: "left out", null: "INVALID_INPUT", empty: ["", "BAD_USER_INPUT"] },
  ],
  [
    "updateParticipant",
    "name",
    "name",
    { id: "participant:1001", phoneNumber: "+14155551213" },
    { absent: "left out", null: NULL, empty: ["", NULL] },
  ],
  [
    "updateMailing",
    "sendAt",
    "mailing.send_at",
    { id: "mailing:5002", ...GROUPS },
    { absent: { sent: STORED }, null: "INVALID_INPUT", empty: ["", "BAD_USER_INPUT"] },
  ],
  [
    "updateMailing",
    "sendAtLocal",
    "mailing.send_at",
    { id: "mailing:5002", ...GROUPS },
    { absent: { sent: STORED }, null: "INVALID_INPUT", empty: [{}, "BAD_USER_INPUT"] },
  ],
  [
    "updateMailing",
    "groupIds",
    "mailing.group_ids",
    { id: "mailing:5002", ...NUMBERS },
    { absent: "left out", null: NULL, empty: [[], { sent: [] }] },
  ],
  [
    "updateMailing",
    "phoneNumbers",
    "mailing.phone_numbers_list",
    { id: "mailing:5002", ...GROUPS },
    { absent: "left out", null: NULL, empty: [[], { sent: "" }] },
  ],
];

/** In a creation there is nothing to clear. */
function creation(empty: unknown, fate: Fate = "left out") {
  return { absent: "left out", null: "left out", empty: [empty, fate] } as const;
}

function fateOf({ data, errors }: Answer, mutation: string, stage: Stage, wire: string): Fate {
  if (errors !== undefined) {
    return errors[0]?.extensions["code"] as Fate;
  }
  const [refusal] = data[mutation].userErrors;
  const [write] = writesOf(stage);
  expect(refusal === undefined, "what is refused is not sent").toBe(write !== undefined);
  if (write === undefined) {
    return refusal.code;
  }
  const holder = wire
    .split(".")
    .slice(0, -1)
    .reduce<unknown>((body, name) => (body as Record<string, unknown>)[name], write[1]);
  const name = wire.split(".").at(-1) ?? "";
  return Object.hasOwn(holder as object, name) ? { sent: (holder as Record<string, unknown>)[name] } : "left out";
}

describe.each(TABLE)("%s's %s", (mutation, field, wire, base, fates) => {
  const [empty, emptyFate] = fates.empty;
  test.each([
    ["absent", {}, fates.absent],
    ["null", { [field]: null }, fates.null],
    [JSON.stringify(empty), { [field]: empty }, emptyFate],
  ])("%s", async (_value, given, fate) => {
    await using stage = await startStage({ simulator: { people: 6, polls: 1 } });
    const { mailings } = stage.simulator.world;
    const stored = mailings.get(5002);
    mailings.put({ ...(stored as NonNullable<typeof stored>), send_at: STORED });
    const answer = await run(stage, mutation, "", { ...base, ...given });
    expect(fateOf(answer, mutation, stage, wire)).toEqual(fate);
  });
});

test("the table has every optional field of Textizen's mutations", async () => {
  await using stage = await startStage({ simulator: { people: 1, polls: 1 } });
  const mutations = [...new Set(TABLE.map(([mutation]) => mutation)), "updateTextizenGroup", "addParticipantToGroup"];
  const { data } = await stage.query(`{ __schema { types { name inputFields { name type { kind } } } } }`);
  const optional = mutations.flatMap((mutation) => {
    const name = `${mutation}Input`.toLowerCase();
    const { inputFields } = data.__schema.types.find((type: { name: string }) => type.name.toLowerCase() === name);
    return inputFields
      .filter(({ type }: { type: { kind: string } }) => type.kind !== "NON_NULL")
      .map((field: { name: string }) => `${mutation}.${field.name}`);
  });
  expect(TABLE.map(([mutation, field]) => `${mutation}.${field}`).sort()).toEqual(optional.sort());
});
