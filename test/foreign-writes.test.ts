import { describe, expect, test } from "vitest";
import { FOREIGN_ANSWERS, type ForeignAnswer } from "../src/simulator/foreign-answers.ts";
import { startStage } from "./support.ts";

/** 5xx and redirects have tests of their own. */
const ANSWERS = Object.keys(FOREIGN_ANSWERS).filter((name) => !/-50\d$|-302$/.test(name)) as ForeignAnswer[];

describe.each(ANSWERS)("%s in Pidj's place", (answer) => {
  test("is no proof of a text that was sent, and blames no id", async () => {
    await using stage = await startStage({ simulator: { people: 6, polls: 1 } });
    const { world } = stage.simulator;
    stage.simulator.fault({ platform: "PIDJ", route: /^(POST|PUT)/, kind: "foreign", answer });
    const to = [...world.contacts.values()][0];
    const { data } = await stage.query(
      `mutation ($send: SendMessageInput!, $update: UpdateContactInput!) {
        sendMessage(input: $send) { userErrors { code field } }
        updateContact(input: $update) { userErrors { code field } }
      }`,
      {
        send: {
          from: { phoneNumber: "+18885552000" },
          recipient: { phoneNumber: to?.phone_number },
          text: "hi",
          idempotencyKey: "k",
        },
        update: { id: to?.id, firstName: "A" },
      },
    );
    const isSuccess = FOREIGN_ANSWERS[answer].status < 300;
    const code = isSuccess ? "OUTCOME_UNKNOWN" : "REFUSED_BY_PLATFORM";
    expect(data.sendMessage.userErrors).toEqual([{ code, field: null }]);
    expect(data.updateContact?.userErrors ?? null).toEqual(isSuccess ? null : [{ code, field: null }]);
  });
});
