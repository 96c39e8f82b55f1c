import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stage, startStage } from "./support.ts";
import { payloadOf, run, writesOf } from "./textizen-wire.ts";

const CREATION = { pollId: "poll:301", phoneNumbers: ["+14155551212"] };
const LOS_ANGELES = "America/Los_Angeles";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ simulator: { people: 6, polls: 2 } });
});
afterAll(() => stage[Symbol.asyncDispose]());

let key = 0;
async function create(time: object) {
  key += 1;
  const input = { ...CREATION, ...time, idempotencyKey: `local-${key}` };
  return payloadOf(await run(stage, "createMailing", "mailing { sendAt }", input));
}

test.each([
  ["2099-07-04T09:00", LOS_ANGELES, "2099-07-04T16:00:00.000Z"],
  ["2099-01-04T09:00:30", LOS_ANGELES, "2099-01-04T17:00:30.000Z"],
  ["2099-01-04T09:00", "Asia/Kathmandu", "2099-01-04T03:15:00.000Z"],
  // No change of the clocks at that hour in a zone without summer time.
  ["2099-03-08T02:30", "America/Phoenix", "2099-03-08T09:30:00.000Z"],
])("a mailing at %s in %s is sent at %s", async (dateTime, timeZone, sendAt) => {
  expect(await create({ sendAtLocal: { dateTime, timeZone } })).toEqual({ mailing: { sendAt }, userErrors: [] });
});

test.each([
  ["skips", "2099-03-08T02:30", "2099-03-08T01:30:00-08:00", "2099-03-08T03:30:00-07:00", "clocks are put forward"],
  ["repeats", "2099-11-01T01:30", "2099-11-01T01:30:00-07:00", "2099-11-01T01:30:00-08:00", "clocks are put back"],
])(
  "a time that a change of the clocks %s is refused with both candidates, and each of them is taken",
  async (_, dateTime, earlier, later, why) => {
    writesOf(stage);
    const refused = await create({ sendAtLocal: { dateTime, timeZone: LOS_ANGELES } });

    expect(refused).toEqual({
      mailing: null,
      userErrors: [
        {
          code: "INVALID_INPUT",
          field: ["input", "sendAtLocal", "dateTime"],
          message: `There is no single such time in ${LOS_ANGELES}: ${why} then. Give sendAt, either ${earlier} or ${later}.`,
        },
      ],
    });
    expect(writesOf(stage)).toEqual([]);
    for (const sendAt of [earlier, later]) {
      expect(await create({ sendAt })).toEqual({ mailing: { sendAt: new Date(sendAt).toISOString() }, userErrors: [] });
    }
  },
);

test("either of the two says when to send: both, none and a time that has passed are refused", async () => {
  const local = { dateTime: "2099-07-04T09:00", timeZone: LOS_ANGELES };
  const refusals: [object, string[]][] = [
    [{}, ["input"]],
    [{ sendAt: null, sendAtLocal: null }, ["input"]],
    [{ sendAt: "2099-07-04T09:00:00Z", sendAtLocal: local }, ["input", "sendAtLocal"]],
    [{ sendAtLocal: { ...local, dateTime: "2020-07-04T09:00" } }, ["input", "sendAtLocal"]],
  ];
  for (const [time, field] of refusals) {
    expect(await create(time)).toMatchObject({ mailing: null, userErrors: [{ code: "INVALID_INPUT", field }] });
  }
});

test("a repeat that says the same instant in the other way is the same request", async () => {
  const input = { ...CREATION, idempotencyKey: "both-ways" };
  const selection = "isReplay mailing { sendAt }";
  const local = { dateTime: "2099-07-04T09:00", timeZone: LOS_ANGELES };
  await run(stage, "createMailing", selection, { ...input, sendAtLocal: local });
  const again = await run(stage, "createMailing", selection, { ...input, sendAt: "2099-07-04T16:00:00Z" });
  expect(payloadOf(again)).toMatchObject({ isReplay: true, userErrors: [] });
});

test("an update moves a mailing to a local time; null is refused, as for sendAt", async () => {
  const created = await run(stage, "createMailing", "mailing { id }", {
    ...CREATION,
    sendAt: "2099-07-04T16:00:00Z",
    idempotencyKey: "to-move",
  });
  const { id } = payloadOf(created)["mailing"] as { id: string };
  const move = async (input: object) =>
    payloadOf(await run(stage, "updateMailing", "mailing { sendAt }", { id, ...input }));

  expect(await move({ sendAtLocal: { dateTime: "2099-07-05T09:00", timeZone: LOS_ANGELES } })).toEqual({
    mailing: { sendAt: "2099-07-05T16:00:00.000Z" },
    userErrors: [],
  });
  expect(await move({ sendAtLocal: null })).toMatchObject({
    userErrors: [{ code: "INVALID_INPUT", field: ["input", "sendAtLocal"] }],
  });
  expect(await move({ sendAtLocal: { dateTime: "2099-11-01T01:30", timeZone: LOS_ANGELES } })).toMatchObject({
    userErrors: [{ field: ["input", "sendAtLocal", "dateTime"] }],
  });
});

test.each(["2099-02-29T09:00", "2099-07-04T09:00Z", "2099-07-04", "2099-07-04T25:00", "tomorrow"])(
  "%s is no LocalDateTime",
  async (dateTime) => {
    const { errors } = await run(stage, "createMailing", "mailing { id }", {
      ...CREATION,
      sendAtLocal: { dateTime, timeZone: LOS_ANGELES },
      idempotencyKey: "wrong",
    });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining("LocalDateTime must be a date and time without an offset"),
      extensions: { code: "BAD_USER_INPUT" },
    });
  },
);
