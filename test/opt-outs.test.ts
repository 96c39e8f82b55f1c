import fetch from "node-fetch";
import { describe, expect, test } from "vitest";
import { parseE164 } from "../src/phone.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { createOptOuts } from "../src/store/opt-outs.ts";
import { environmentFor, startChild } from "./child-server.ts";
import { makeFile, openInbox, SECRET } from "./events.ts";
import { onEachStore } from "./stores.ts";
import { ask, contactOf, type Stage, startStage } from "./support.ts";

const SMALL = { people: 6, polls: 1, responsesPerPoll: 2 };
const FROM = "+18885552000";
const WHO = "+12025550101";
const OTHER = "+12025550102";
const SOON = new Date(Date.now() + 3_600_000).toISOString();

function open(env: Record<string, string> = {}): Promise<Stage> {
  return startStage({ simulator: SMALL, env: { WEBHOOK_SECRET: SECRET, ...env } });
}

async function text(url: string, message: string, from = WHO): Promise<void> {
  const body = new URLSearchParams({ message, from, to: FROM });
  const response = await fetch(new URL(`/webhooks/pidj/${SECRET}`, url), { method: "POST", body });
  expect(response.status).toBe(200);
}

async function isOptedOut(url: string, phoneNumber = WHO): Promise<boolean> {
  const document = "query ($phoneNumber: PhoneNumber!) { person(phoneNumber: $phoneNumber) { optedOutAt } }";
  return (await ask(url, document, { phoneNumber })).data.person.optedOutAt !== null;
}

let keys = 0;

/** One mutation: what its payload's errors are, and nothing but the errors. */
async function write(url: string, mutation: string, input: object): Promise<unknown[]> {
  const title = mutation.replace(/^./, (letter) => letter.toUpperCase());
  const document = `mutation ($input: ${title}Input!) { ${mutation}(input: $input) { userErrors { code field } } }`;
  const { data, errors } = await ask(url, document, { input });
  expect(errors).toBeUndefined();
  return data[mutation].userErrors;
}

function key(): { idempotencyKey: string } {
  keys += 1;
  return { idempotencyKey: `key ${keys}` };
}

function refused(...field: string[]) {
  return { code: "RECIPIENT_OPTED_OUT", field: ["input", ...field] };
}

describe("a text", () => {
  test.each([
    "STOP",
    "stop",
    " Stop. ",
    "“STOP!”",
    "StopAll",
    "unsubscribe",
    "cancel…",
    "END",
    "quit",
    "REVOKE",
    "OptOut",
    "ＳＴＯＰ",
    "STOP ❤️",
    "❤️STOP\u{fe0f}",
    "Opt out",
    "opt-out",
    "OPT  OUT!",
    "stop all",
    "un-subscribe",
    "S T O P",
    "S.T.O.P.",
    "\u{feff}ST\u{200b}O\u{ad}P\u{3164}",
    "ŞTÖP",
    "Cancel\u{301}",
  ])("of %j alone opts its sender out, and nobody else", async (message) => {
    await using stage = await open();
    await text(stage.app.url, message);
    expect(await isOptedOut(stage.app.url)).toBe(true);
    expect(await isOptedOut(stage.app.url, OTHER)).toBe(false);
  });

  test.each(["please stop", "stop it", "STOP 2", "", "...", "The end.", "opt out of it", "START", "YES"])(
    "of %j opts nobody out",
    async (message) => {
      await using stage = await open();
      await text(stage.app.url, message);
      expect(await isOptedOut(stage.app.url)).toBe(false);
    },
  );

  test.each(["START", "unstop", "Yes!", "S T A R T", "un-stop", "Y.E.S."])("of %j takes it back", async (message) => {
    await using stage = await open();
    await text(stage.app.url, "STOP");
    await text(stage.app.url, message);
    expect(await isOptedOut(stage.app.url)).toBe(false);
  });

  test("of STOP, START and STOP in a row ends with STOP; a START delivered again changes nothing", async () => {
    await using stage = await open();
    for (const message of ["STOP", "START", "STOP"]) {
      await text(stage.app.url, message);
    }
    expect(await isOptedOut(stage.app.url)).toBe(true);
    await text(stage.app.url, "START");
    expect(await isOptedOut(stage.app.url)).toBe(true);
  });

  test("of words of one's own opts out where the server is told so", async () => {
    await using stage = await open({ OPT_OUT_WORDS: "arrêt, ¡ALTO!, Straße zu, หยุด, 停止" });
    const people = ["ARRET", "alto", "STRASSE ZU", "หยุด", "停止。", "QUIT", "?!", "หยด"].map((message, at) => ({
      message,
      from: `+1202555010${at + 1}`,
    }));
    const optedOut: string[] = [];
    for (const { message, from } of people) {
      await text(stage.app.url, message, from);
      optedOut.push(...((await isOptedOut(stage.app.url, from)) ? [message] : []));
    }
    // The last is another word than หยุด: only its vowel differs.
    expect(optedOut).toEqual(["ARRET", "alto", "STRASSE ZU", "หยุด", "停止。"]);
  });
});

describe("who is opted out", () => {
  test("is texted by no mutation, by number or as a contact, and nothing reaches a platform", async () => {
    await using stage = await open();
    const { url } = stage.app;
    const [contact] = stage.simulator.world.contacts.values();
    const [series] = stage.simulator.world.series.keys();
    const [survey] = stage.simulator.world.surveys.keys();
    const [poll] = stage.simulator.world.polls.keys();
    await text(url, "STOP");
    await text(url, "STOP", contact?.phone_number);
    const from = { phoneNumber: FROM };
    const timezone = "America/Denver";
    for (const [recipient, member] of [
      [{ phoneNumber: WHO }, "phoneNumber"],
      [{ contactId: contact?.id }, "contactId"],
    ] as const) {
      const refusal = [refused("recipient", member)];
      expect(await write(url, "sendMessage", { from, recipient, text: "hi", ...key() })).toEqual(refusal);
      const series_ = { seriesId: series, from, recipient, timezone, ...key() };
      expect(await write(url, "subscribeToSeries", series_)).toEqual(refusal);
      expect(await write(url, "initiateSurvey", { surveyId: survey, from, recipient, ...key() })).toEqual(refusal);
    }
    const mailing = {
      pollId: `poll:${poll}`,
      sendAt: SOON,
      phoneNumbers: [OTHER, WHO, contact?.phone_number],
      ...key(),
    };
    const refusals = [refused("phoneNumbers", "1"), refused("phoneNumbers", "2")];
    expect(await write(url, "createMailing", mailing)).toEqual(refusals);
    const [id] = stage.simulator.world.mailings.keys();
    const update = { id: `mailing:${id}`, sendAt: SOON, phoneNumbers: [WHO] };
    expect(await write(url, "updateMailing", update)).toEqual([refused("phoneNumbers", "0")]);
    expect(stage.simulator.ledger).toEqual([]);
    expect(stage.calls().filter((call) => !call.includes("GET"))).toEqual([]);
  });

  test("is texted again after START, with the key that was refused", async () => {
    await using stage = await open();
    const input = { from: { phoneNumber: FROM }, recipient: { phoneNumber: WHO }, text: "hi", ...key() };
    await text(stage.app.url, "STOP");
    expect(await write(stage.app.url, "sendMessage", input)).toEqual([refused("recipient", "phoneNumber")]);
    await text(stage.app.url, "START");
    expect(await write(stage.app.url, "sendMessage", input)).toEqual([]);
    expect(stage.simulator.ledger).toHaveLength(1);
    // What had gone out before stays what it was.
    await text(stage.app.url, "QUIT");
    expect(await write(stage.app.url, "sendMessage", input)).toEqual([]);
    expect(stage.simulator.ledger).toHaveLength(1);
  });

  test("is opted out for every process on the store, right after the webhook was answered", async () => {
    using file = makeFile();
    await using simulator = await startSimulator(SMALL);
    const environment = { ...environmentFor(simulator, file.path), WEBHOOK_SECRET: SECRET };
    await using one = await startChild(environment);
    await using other = await startChild(environment);
    const input = { from: { phoneNumber: FROM }, recipient: { phoneNumber: WHO }, text: "hi" };
    expect(await write(other.url, "sendMessage", { ...input, ...key() })).toEqual([]);
    await text(one.url, "STOP");
    const refusal = [refused("recipient", "phoneNumber")];
    expect(await write(other.url, "sendMessage", { ...input, ...key() })).toEqual(refusal);
    expect(simulator.ledger).toHaveLength(1);
  });

  test("a contact whose number cannot be read is sent nothing", async () => {
    await using stage = await open();
    const [participant] = stage.simulator.world.participants.values();
    const contact = participant && contactOf(stage.simulator.world, participant);
    const [survey] = stage.simulator.world.surveys.keys();
    stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "status", status: 500, body: "" });
    const { data, errors } = await stage.query(
      "mutation ($input: InitiateSurveyInput!) { initiateSurvey(input: $input) { userErrors { code } } }",
      { input: { surveyId: survey, from: { phoneNumber: FROM }, recipient: { contactId: contact?.id }, ...key() } },
    );
    expect(data.initiateSurvey).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: "PLATFORM_UNAVAILABLE" } }]);
    expect(stage.simulator.ledger).toEqual([]);
  });
});

describe("setOptOut", () => {
  const MUTATION = `mutation ($input: SetOptOutInput!) {
    setOptOut(input: $input) { person { phoneNumber optedOutAt } userErrors { code field } }
  }`;
  const set = async (stage: Stage, isOptedOut: boolean, reason = "Called the desk") =>
    (await stage.query(MUTATION, { input: { phoneNumber: WHO, isOptedOut, reason } })).data.setOptOut;

  test("forbids and allows texts to a number, and gives the person as it is then", async () => {
    await using stage = await open();
    const { person } = await set(stage, true);
    expect(person).toEqual({ phoneNumber: WHO, optedOutAt: expect.any(String) });
    expect((await set(stage, true)).person).toEqual(person);
    expect(await set(stage, false)).toEqual({ person: { phoneNumber: WHO, optedOutAt: null }, userErrors: [] });
  });

  test("keeps why and by whom for those who may read people; of a text, that it was one", async () => {
    await using stage = await open();
    const document = "query ($of: PhoneNumber!) { person(phoneNumber: $of) { optOut { source reason decidedBy } } }";
    const decision = async (of: string) => (await stage.query(document, { of })).data.person.optOut;
    await set(stage, true);
    await text(stage.app.url, "STOP", OTHER);
    expect(await decision(WHO)).toEqual({ source: "WRITTEN", reason: "Called the desk", decidedBy: "anonymous" });
    expect(await decision(OTHER)).toEqual({ source: "RECEIVED", reason: "Texted STOP", decidedBy: null });
    await set(stage, false);
    expect(await decision(WHO)).toBeNull();
  });

  test("twice in one operation gives the person as it is after each", async () => {
    await using stage = await open();
    const one = (isOptedOut: boolean) =>
      `setOptOut(input: { phoneNumber: "${WHO}", isOptedOut: ${isOptedOut}, reason: "r" }) { person { optedOutAt } }`;
    const { data } = await stage.query(`mutation { on: ${one(true)} off: ${one(false)} }`);
    expect([data.on.person.optedOutAt, data.off.person.optedOutAt]).toEqual([expect.any(String), null]);
  });

  test("wants a reason", async () => {
    await using stage = await open();
    const userErrors = [{ code: "INVALID_INPUT", field: ["input", "reason"] }];
    expect(await set(stage, true, " ")).toEqual({ person: null, userErrors });
    expect(await isOptedOut(stage.app.url)).toBe(false);
  });
});

describe("YES", () => {
  const set = (stage: Stage, isOptedOut: boolean) =>
    write(stage.app.url, "setOptOut", { phoneNumber: WHO, isOptedOut, reason: "Called the desk" });

  test.each([[[]], [["STOP"]]])(
    "does not take back what was written at the desk (after %j), START does",
    async (texts) => {
      await using stage = await open();
      for (const message of texts) {
        await text(stage.app.url, message);
      }
      await set(stage, true);
      await text(stage.app.url, "YES");
      expect(await isOptedOut(stage.app.url)).toBe(true);
      await text(stage.app.url, "START");
      expect(await isOptedOut(stage.app.url)).toBe(false);
    },
  );

  test("takes back a STOP that came after the desk had allowed texts", async () => {
    await using stage = await open();
    await set(stage, true);
    await set(stage, false);
    await text(stage.app.url, "STOP");
    await text(stage.app.url, "YES");
    expect(await isOptedOut(stage.app.url)).toBe(false);
  });
});

test("STOP counts from a number in digits with its country code, and from no shorter one", async () => {
  await using stage = await open();
  await text(stage.app.url, "STOP", "12025550101");
  await text(stage.app.url, "STOP", "2025550102");
  expect([await isOptedOut(stage.app.url), await isOptedOut(stage.app.url, OTHER)]).toEqual([true, false]);
});

onEachStore((make) => {
  test("what was decided about a number is kept, with who and why; a text that changes nothing adds nothing", async () => {
    await using place = await make();
    await using test = await openInbox(place.url);
    const optOuts = createOptOuts(test.store, () => new Date(test.time));
    const who = parseE164(WHO);
    const since = new Date(test.time);
    for (const [isOptedOut, source, reason] of [
      [true, "RECEIVED", "Texted STOP"],
      [true, "RECEIVED", "Texted STOP"],
      [true, "WRITTEN", "Wrote a letter, too"],
      [false, "WRITTEN", "Called"],
      [false, "RECEIVED", "Texted YES"],
    ] as const) {
      await (who && optOuts.set(who, { isOptedOut, source, reason }));
      const [state] = who ? await optOuts.states([who]) : [];
      expect(state ?? null).toEqual(
        isOptedOut ? { optedOutAt: since, source: "RECEIVED", reason: "Texted STOP", decidedBy: null } : null,
      );
      test.time += 1_000;
    }
  });
});
