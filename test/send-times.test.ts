import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { PlatformError } from "../src/errors.ts";
import { makeId } from "../src/ids.ts";
import { ask, type Stage, startStage } from "./support.ts";
import { serve } from "./textizen-upstream.ts";
import { payloadOf, run } from "./textizen-wire.ts";
import { createScope, createWriteScope, type Received, sendJson, startUpstream } from "./upstream.ts";

const NEW_YORK = "America/New_York";
const MAILING = makeId("Mailing", "1");

/** One mailing, kept as it is written, to the letter: an account that ignores offsets and tells none. */
function createMailing(send_at: string) {
  const stored: Record<string, unknown> = { id: 1, poll_id: 1, send_at, phone_numbers_list: "14155551212" };
  return {
    stored,
    answer: ({ method, body }: Received, response: ServerResponse) => {
      if (method === "PUT") {
        Object.assign(stored, JSON.parse(body).mailing);
      }
      sendJson(response, stored);
    },
  };
}

/** The server in front of such an account. */
async function start(
  answer: (request: Received, response: ServerResponse) => void,
  zone: string,
): Promise<Pick<Stage, "query"> & AsyncDisposable> {
  const upstream = await startUpstream(answer);
  const app = await startApp(
    readConfig({
      PORT: "0",
      LOG_LEVEL: "silent",
      STORE_URL: "sqlite::memory:",
      TEXTIZEN_BASE_URL: upstream.url,
      TEXTIZEN_AUTH_TOKEN: "your_token",
      TEXTIZEN_SEND_AT_ZONE: zone,
    }),
  );
  return {
    query: (document, variables) => ask(app.url, document, variables),
    async [Symbol.asyncDispose]() {
      await app.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** The instant that a stored time is read as. */
async function read(send_at: string, sendAtZone: string | null): Promise<unknown> {
  await using upstream = await serve(createMailing(send_at).answer, { sendAtZone });
  return (await upstream.client.mailing(MAILING, createScope()))?.sendAt;
}

/** The text that is stored for a time. */
async function written(sendAt: Date, sendAtZone: string): Promise<unknown> {
  const mailing = createMailing("");
  await using upstream = await serve(mailing.answer, { sendAtZone });
  await upstream.client.updateMailing(MAILING, { sendAt }, createWriteScope());
  return mailing.stored["send_at"];
}

describe("where a zone is set", () => {
  test.each([NEW_YORK, "Asia/Kolkata"])("changing a mailing leaves its time alone, however often: %s", async (zone) => {
    const { stored, answer } = createMailing("2099-07-01T10:00:00.000");
    await using stage = await start(answer, zone);
    const { sendAt } = (await stage.query(`{ mailing(id: "mailing:1") { sendAt } }`)).data.mailing;
    for (const number of ["+14155551213", "+14155551214"]) {
      const input = { id: "mailing:1", phoneNumbers: [number] };
      expect(payloadOf(await run(stage, "updateMailing", "mailing { sendAt }", input))).toEqual({
        mailing: { sendAt },
        userErrors: [],
      });
      expect(stored).toMatchObject({
        send_at: "2099-07-01T10:00:00.000",
        phone_numbers_list: number.slice(1),
      });
    }
  });

  test.each([
    [NEW_YORK, "2030-01-01T10:00:00.000", "2030-01-01T15:00:00.000Z"],
    [NEW_YORK, "2030-07-01 10:00:00", "2030-07-01T14:00:00.000Z"],
    [NEW_YORK, "2030-07-01", "2030-07-01T04:00:00.000Z"],
    ["Pacific/Auckland", "2030-01-01T10:00:00.000", "2029-12-31T21:00:00.000Z"],
    ["Pacific/Honolulu", "2030-01-01T20:00:00.000", "2030-01-02T06:00:00.000Z"],
    ["Asia/Kolkata", "2030-01-01T10:00:00.000", "2030-01-01T04:30:00.000Z"],
    // The days on which clocks are changed, before and after the hour of it.
    [NEW_YORK, "2030-03-10T01:59:59.999", "2030-03-10T06:59:59.999Z"],
    [NEW_YORK, "2030-03-10T03:00:00.000", "2030-03-10T07:00:00.000Z"],
    [NEW_YORK, "2030-11-03T00:59:59.999", "2030-11-03T04:59:59.999Z"],
    [NEW_YORK, "2030-11-03T02:00:00.000", "2030-11-03T07:00:00.000Z"],
    ["Pacific/Auckland", "2030-04-07T03:00:00.000", "2030-04-06T15:00:00.000Z"],
    ["Pacific/Auckland", "2030-09-29T03:00:00.000", "2030-09-28T14:00:00.000Z"],
  ])("clocks in %s that show %s mean %s", async (zone, local, instant) => {
    const at = new Date(instant);
    expect(await read(local, zone)).toEqual(at);
    expect(await read(String(await written(at, zone)), zone)).toEqual(at);
  });

  test("of an hour that comes twice the first is meant", async () => {
    const local = "2030-11-03T01:30:00.000";
    const first = new Date("2030-11-03T05:30:00.000Z");
    expect(await read(local, NEW_YORK)).toEqual(first);
    expect(await written(first, NEW_YORK)).toBe(local);
    expect(await written(new Date("2030-11-03T06:30:00.000Z"), NEW_YORK)).toBe(local);
  });

  test("of an hour that is skipped is meant what clocks show instead", async () => {
    const instant = new Date("2030-03-10T07:30:00.000Z");
    expect(await read("2030-03-10T02:30:00.000", NEW_YORK)).toEqual(instant);
    expect(await written(instant, NEW_YORK)).toBe("2030-03-10T03:30:00.000");
  });

  test.each(["2030-01-01T10:00:00.000Z", "2030-01-01T12:00:00+02:00", "2030-01-01t10:00:00z"])(
    "a time that says its offset (%s) is taken at its word",
    async (text) => {
      expect(await read(text, NEW_YORK)).toEqual(new Date("2030-01-01T10:00:00Z"));
    },
  );

  test("other dates stay in UTC", async () => {
    await using upstream = await serve(
      (_request, response) => sendJson(response, { id: 1, send_at: null, created_at: "2030-01-01T10:00:00" }),
      { sendAtZone: NEW_YORK },
    );
    expect(await upstream.client.mailing(MAILING, createScope())).toMatchObject({
      sendAt: null,
      createdAt: new Date("2030-01-01T10:00:00Z"),
    });
  });
});

test("where clocks are put forward by half an hour, a time that is left out is half an hour later", async () => {
  expect(await read("2030-10-06T02:15:00.000", "Australia/Lord_Howe")).toEqual(new Date("2030-10-05T15:45:00.000Z"));
});

describe("a change of the numbers alone sends back the time letter for letter", () => {
  test.each([
    ["2099-07-01T10:00:00.000", ""],
    ["2099-07-01 10:00:00", ""],
    ["2099-07-01", ""],
    ["2099-07-01T10:00:00.123456-04:00", ""],
    ["2099-07-01t10:00:00z", ""],
    ["2099-07-01T10:00:00-04:00", NEW_YORK],
    ["2099-07-01 10:00:00.5", NEW_YORK],
    // Both of the hours that this may mean are read as the first.
    ["2098-11-02T01:30:00", NEW_YORK],
  ])("%s, zone %j", async (send_at, zone) => {
    const { stored, answer } = createMailing(send_at);
    await using stage = await start(answer, zone);
    for (const input of [{ phoneNumbers: ["+14155551213"] }, { groupIds: ["group:71"] }]) {
      const payload = payloadOf(await run(stage, "updateMailing", "mailing { id }", { id: "mailing:1", ...input }));
      expect(payload).toEqual({ mailing: { id: "mailing:1" }, userErrors: [] });
    }
    expect(stored).toEqual({
      id: 1,
      poll_id: 1,
      send_at,
      group_ids: [71],
      phone_numbers_list: "14155551213",
    });
  });

  test("but not a time that has passed, or that is none", async () => {
    for (const send_at of ["2020-07-01T10:00:00.000", "tomorrow", null, 4_086_000_000]) {
      const { stored, answer } = createMailing(send_at as string);
      await using stage = await start(answer, "");
      const input = { id: "mailing:1", phoneNumbers: ["+14155551213"] };
      expect(payloadOf(await run(stage, "updateMailing", "", input))).toMatchObject({
        userErrors: [{ code: "INVALID_INPUT", field: ["input", "sendAt"] }],
      });
      expect(stored).toMatchObject({ phone_numbers_list: "14155551212" });
    }
  });
});

test("where no zone is set, a time without an offset is in UTC", async () => {
  expect(await read("2030-01-01T10:00:00.000", null)).toEqual(new Date("2030-01-01T10:00:00Z"));
});

test.each(["Mars/Olympus", "+05:00"])(
  "a zone that does not exist (%s) stops the start by its variable's name",
  (zone) => {
    expect(() => readConfig({ TEXTIZEN_SEND_AT_ZONE: zone })).toThrow("TEXTIZEN_SEND_AT_ZONE");
  },
);

test.each([
  ["a query's variable", true],
  ["a literal", false],
])("a time that its offset moves into the year 10000 is refused, as %s", async (_way, isVariable) => {
  await using stage = await startStage({ simulator: { people: 3, polls: 1 } });
  const sendAt = "9999-12-31T23:00:00-02:00";
  const input = (value: string) => `{ id: "mailing:1", sendAt: ${value} }`;
  const { errors } = isVariable
    ? await stage.query(`mutation ($at: DateTime!) { updateMailing(input: ${input("$at")}) { userErrors { code } } }`, {
        at: sendAt,
      })
    : await stage.query(`mutation { updateMailing(input: ${input(`"${sendAt}"`)}) { userErrors { code } } }`);
  expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  expect(stage.calls()).toEqual([]);
});

test("a zone whose clocks show the year 10000 is written and read in UTC", async () => {
  const last = new Date("9999-12-31T23:30:00.000Z");
  expect(await written(last, "Asia/Tokyo")).toBe("9999-12-31T23:30:00.000Z");
  expect(await read("9999-12-31T23:30:00.000Z", "Asia/Tokyo")).toEqual(last);
  expect(await read("9999-12-31T23:30:00.000", "America/Denver")).toBeInstanceOf(PlatformError);
});
