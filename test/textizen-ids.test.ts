import { expect, test } from "vitest";
import { typeOfId } from "../src/ids.ts";
import { errorsAt, startStage } from "./support.ts";
import { decode } from "./textizen-upstream.ts";
import { payloadOf, run, wireOf } from "./textizen-wire.ts";

const start = () => startStage({ simulator: { people: 2, polls: 1 } });

// What a service that reads integers off the front would take for 1001.
const SLIPS = ["participant:01001", "participant:1001abc", "participant:1001-2"];

test.each(SLIPS)("%s is no id to a query, and nothing is asked", async (id) => {
  await using stage = await start();
  const answer = await stage.query("query ($id: ID!) { participant(id: $id) { id } }", { id });
  expect(errorsAt(answer)).toEqual({ participant: "BAD_USER_INPUT" });
  expect(wireOf(stage)).toEqual([]);
});

test.each(SLIPS)("%s is no id to a mutation, and nothing is written", async (id) => {
  await using stage = await start();
  expect(payloadOf(await run(stage, "updateParticipant", "", { id, name: "x" }))).toMatchObject({
    userErrors: [{ code: "INVALID_INPUT", field: ["input", "id"] }],
  });
  expect(wireOf(stage)).toEqual([]);
});

test.each([
  ["participant:0", "Participant"],
  ["participant:58", "Participant"],
  ["participant:123456789012345678901234567890", "Participant"],
  ["participant:p58", "Participant"],
  ["participant:00", null],
  ["question:3.09", null],
  ["question:03.9", null],
  ["option:3.9.4x", null],
  ["response:3.58.9.1", "PollResponse"],
  ["response:3.58.9.01", null],
  // Ours, and Pidj's, are no integers.
  ["message:0190a.3f", "ReceivedMessage"],
  ["completed-poll:01.0a", "CompletedPoll"],
  ["co:058abc", "Contact"],
])("%s is the id of %s", (id, type) => {
  expect(typeOfId(id)).toBe(type);
});

test("rows of such ids are left out and counted", async () => {
  const { rows, skipped } = await decode([{ id: "058" }, { id: "58a" }, { id: "58" }], (client, scope) =>
    client.participants(scope),
  );
  expect(rows).toMatchObject([{ id: "participant:58" }]);
  expect(skipped).toBe(2);
});
