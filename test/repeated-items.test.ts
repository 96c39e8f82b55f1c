import { expect, test } from "vitest";
import { pidjWritesOf } from "./pidj-wire.ts";
import { one } from "./simulator-client.ts";
import { startStage } from "./support.ts";
import { payloadOf, run, writesOf } from "./textizen-wire.ts";

const start = () => startStage({ simulator: { people: 6, polls: 2 } });

const [A, B, C] = ["+14155551212", "+14155551213", "+14155551214"];
const SEND_AT = "2099-03-14T19:26:53.895Z";
const TWICE = { groupIds: ["group:71", "group:77", "group:71"], phoneNumbers: [A, A, B] };
const ONCE = { send_at: SEND_AT, group_ids: [71, 77], phone_numbers_list: "14155551212,14155551213" };
const INPUT = { pollId: "poll:301", sendAt: SEND_AT, idempotencyKey: "k" };

test("a receiver named twice gets one text", async () => {
  await using stage = await start();
  await run(stage, "createMailing", "", { ...INPUT, ...TWICE });
  await run(stage, "updateMailing", "", { id: "mailing:5002", sendAt: SEND_AT, ...TWICE });
  expect(writesOf(stage).map(([, body]) => body)).toEqual([{ mailing: ONCE }, { mailing: ONCE }]);
});

test("a receiver named twice or once makes the same mailing to a key", async () => {
  await using stage = await start();
  await run(stage, "createMailing", "", { ...INPUT, ...TWICE });
  const once = { ...INPUT, groupIds: ["group:71", "group:77"], phoneNumbers: [A, B] };
  expect(payloadOf(await run(stage, "createMailing", "isReplay", once))).toEqual({ isReplay: true, userErrors: [] });
});

test("what is wrong behind a repeated receiver is told by its own place", async () => {
  await using stage = await start();
  await run(stage, "setOptOut", "", { phoneNumber: C, isOptedOut: true, reason: "asked" });
  const optedOut = { ...INPUT, phoneNumbers: [A, A, C] };
  expect(payloadOf(await run(stage, "createMailing", "", optedOut))["userErrors"]).toMatchObject([
    { code: "RECIPIENT_OPTED_OUT", field: ["input", "phoneNumbers", "2"] },
  ]);
  const update = { id: "mailing:5002", sendAt: SEND_AT, phoneNumbers: [A, A, C] };
  expect(payloadOf(await run(stage, "updateMailing", "", update))["userErrors"]).toMatchObject([
    { code: "RECIPIENT_OPTED_OUT", field: ["input", "phoneNumbers", "2"] },
  ]);
  const wrong = { ...INPUT, groupIds: ["group:71", "group:71", "gr:1"] };
  expect(payloadOf(await run(stage, "createMailing", "", wrong))["userErrors"]).toMatchObject([
    { code: "INVALID_INPUT", field: ["input", "groupIds", "2"] },
  ]);
  expect(writesOf(stage)).toEqual([]);
});

test("a user's roles and groups go out once each", async () => {
  await using stage = await start();
  const { id } = one(stage.simulator.world.pidjGroups);
  const lists = { roles: ["ADMIN", "AGENT", "ADMIN"], groupIds: [id, id] };
  await run(stage, "createPidjUser", "", { username: "jane", password: "p", ...lists });
  await run(stage, "updatePidjUser", "", { id: one(stage.simulator.world.pidjUsers).id, ...lists });
  const form = { roles: "admin|agent", groups: id };
  expect(pidjWritesOf(stage).map(([, sent]) => sent)).toMatchObject([form, form]);
});
