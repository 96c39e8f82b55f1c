import { expect, test } from "vitest";
import { ANONYMOUS } from "../src/access/caller.ts";
import { Context } from "../src/context.ts";
import { PlatformError } from "../src/errors.ts";
import type { E164 } from "../src/phone.ts";
import { carryOut, nobody } from "../src/writes/carry-out.ts";
import { createContact } from "../src/writes/contact.ts";
import type { WriteTools } from "../src/writes/tools.ts";
import { type Stage, startStage } from "./support.ts";

const SMALL = { simulator: { people: 1, polls: 0, responsesPerPoll: 0 } };

/** What a mutation works with, and what it has done so far, in order. */
function watch({ app }: Stage): { readonly tools: WriteTools; readonly done: unknown[] } {
  const done: unknown[] = [];
  const operation = {
    signal: new AbortController().signal,
    deadline: () => Number.POSITIVE_INFINITY,
    fresh: false,
    caller: ANONYMOUS,
    limits: { calls: 100, objects: 100 },
  };
  const { writes } = new Context(app.services, operation);
  const tools: WriteTools = {
    ...writes,
    raise: async (changes, { isUnknown }) => {
      done.push(["raise", ...changes, ...(isUnknown ? ["unknown"] : [])]);
      await writes.raise(changes, { isUnknown });
    },
    pauseAt: async (point) => {
      done.push(point);
    },
    directory: {
      ...writes.directory,
      learn: async (seen, askedAt) => {
        await writes.directory.learn(seen, askedAt);
        done.push("learned");
      },
    },
  };
  return { tools, done };
}

test("a write raises versions before its first byte, and again as its last act", async () => {
  await using stage = await startStage(SMALL);
  const { tools, done } = watch(stage);
  const input = { phoneNumber: "+14155550100" as E164, idempotencyKey: "k" };
  expect(await createContact(tools, input)).toMatchObject({ userErrors: [], existingContact: null });
  const raised = ["raise", "contacts"];
  expect(done).toEqual(["before-record", "recorded", raised, "answered", "settled", "learned", raised]);
});

test("a write of which nobody knows whether it was carried out says so when it raises versions last", async () => {
  await using stage = await startStage(SMALL);
  const { tools, done } = watch(stage);
  const write = carryOut(tools, {
    mutation: "createPoll",
    kind: "creation",
    idempotencyKey: null,
    input: null,
    paths: {},
    changes: ["polls"],
    texts: nobody,
    call: async () => {
      throw new PlatformError("TEXTIZEN", "unreachable", "the connection was cut");
    },
  });
  await expect(write).rejects.toMatchObject({ refusals: [{ code: "OUTCOME_UNKNOWN" }] });
  expect(done).toEqual([
    ["raise", "polls"],
    ["raise", "polls", "unknown"],
  ]);
});

test("a number that is on record is no creation: its key is free, and the contact is told", async () => {
  await using stage = await startStage(SMALL);
  const { tools } = watch(stage);
  const phoneNumber = "+14155550100" as E164;
  const { value } = await createContact(tools, { phoneNumber });
  const again = await createContact(tools, { phoneNumber, idempotencyKey: "k" });
  expect(again).toMatchObject({ value: null, existingContact: value });
  expect(again.userErrors).toMatchObject([{ code: "ALREADY_EXISTS", field: ["input", "phoneNumber"] }]);
  expect(await tools.attempts.find("k")).toMatchObject({ state: "REFUSED" });
});
