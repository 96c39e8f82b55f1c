import { request as httpRequest } from "node:http";
import { DatabaseSync } from "node:sqlite";
import fetch, { type RequestInit } from "node-fetch";
import { describe, expect, test } from "vitest";
import { startSimulator } from "../src/simulator/simulator.ts";
import { environmentFor, startChild } from "./child-server.ts";
import { makeFile, SECRET } from "./events.ts";
import { ask, type Stage, startStage } from "./support.ts";

const SMALL = { people: 6, polls: 1, responsesPerPoll: 2, pidjGroups: 1 };
const TEXT = {
  message: "Grüße & 👋 = ok?",
  from: "+12025550101",
  to: "+18885552000",
  group_id: "gr:1",
  contact_id: "co:1",
};
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const JSON_TYPE = { "content-type": "application/json" };

function open(env: Record<string, string> = {}): Promise<Stage> {
  return startStage({ simulator: SMALL, env: { WEBHOOK_SECRET: SECRET, ...env } });
}

function urlOf({ app }: Pick<Stage, "app">, path = `pidj/${SECRET}`): string {
  return new URL(`/webhooks/${path}`, app.url).href;
}

async function post(url: string, body: string, headers: Record<string, string> = FORM): Promise<number> {
  const response = await fetch(url, { method: "POST", body, headers } satisfies RequestInit);
  await response.text();
  return response.status;
}

async function received(url: string, field = "receivedMessages"): Promise<Record<string, unknown>[]> {
  const fields =
    field === "completedPolls"
      ? "id responses { id text }"
      : "text displayFrom from { phoneNumber } toPhoneNumber contactExternalId repeatCount";
  const { data } = await ask(url, `{ ${field}(first: 100) { nodes { ${fields} } } }`);
  return data[field].nodes;
}

const KEPT = {
  text: TEXT.message,
  displayFrom: TEXT.from,
  from: { phoneNumber: TEXT.from },
  toPhoneNumber: TEXT.to,
  contactExternalId: null,
  repeatCount: 0,
};

describe("a forwarded text", () => {
  const query = new URLSearchParams(TEXT).toString();
  const multipart = Object.entries(TEXT)
    .map(([name, value]) => `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join("");
  test.each<[string, string, RequestInit]>([
    ["GET", `?${query}`, {}],
    ["GET with a bare plus", `?${query.replaceAll("%2B", "+")}`, {}],
    ["POST of a form", "", { method: "POST", headers: FORM, body: query }],
    [
      "POST of a form in parts",
      "",
      { method: "POST", headers: { "content-type": "multipart/form-data; boundary=x" }, body: `${multipart}--x--\r\n` },
    ],
    ["POST of JSON", "", { method: "POST", headers: JSON_TYPE, body: JSON.stringify(TEXT) }],
    ["POST of JSON that says it is a form", "", { method: "POST", headers: FORM, body: JSON.stringify(TEXT) }],
    ["POST with the query alone", `?${query}`, { method: "POST" }],
  ])("by %s is kept as it was written", async (_name, search, init) => {
    await using stage = await open();
    const response = await fetch(urlOf(stage) + search, init);
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(await received(stage.app.url)).toEqual([KEPT]);
  });

  test.each([
    [{}],
    [{ contact_id: null, group_id: null }],
    [{ contact_id: "", group_id: " " }],
    [{ contact_id: "null", group_id: "null" }],
  ])("whose sender nobody knows (%j) has neither contact nor group", async (blanks) => {
    await using stage = await open();
    await post(urlOf(stage), JSON.stringify({ message: "null", from: "68398", ...blanks }), JSON_TYPE);
    const { data } = await stage.query(
      "{ receivedMessages { nodes { text from { id } displayFrom toPhoneNumber contact { id } contactExternalId group { id } } } }",
    );
    // The word "null" is a text too.
    const nothing = { from: null, toPhoneNumber: null, contact: null, contactExternalId: null, group: null };
    expect(data.receivedMessages.nodes).toEqual([{ text: "null", displayFrom: "68398", ...nothing }]);
  });

  test("delivered 50 times at once is one event", async () => {
    await using stage = await open();
    const body = new URLSearchParams(TEXT).toString();
    const statuses = await Promise.all(Array.from({ length: 50 }, () => post(urlOf(stage), body)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await received(stage.app.url)).toEqual([{ ...KEPT, repeatCount: 49 }]);
  });

  test.each([
    ["an empty request", ""],
    ["half of a JSON", '{"message":"hi"'],
    ["a list", "[1]"],
    ["nothing of a text", "a=b"],
  ])("that is %s is refused, and nothing is kept", async (_name, body) => {
    await using stage = await open();
    expect(await post(urlOf(stage), body, body.startsWith("[") ? JSON_TYPE : FORM)).toBe(400);
    expect(await received(stage.app.url)).toEqual([]);
  });

  test("of more than 64 kB is refused, one of nearly that is kept whole", async () => {
    await using stage = await open();
    const from = "from=%2B12025550101&message=";
    expect(await post(urlOf(stage), from + "x".repeat(65_536 - from.length))).toBe(200);
    expect(await post(urlOf(stage), from + "x".repeat(65_537 - from.length))).toBe(413);
    const texts = await received(stage.app.url);
    expect(texts.map(({ text }) => String(text).length)).toEqual([65_536 - from.length]);
  });

  test("asked for with HEAD makes no event", async () => {
    await using stage = await open();
    await fetch(`${urlOf(stage)}?${new URLSearchParams(TEXT)}`, { method: "HEAD" });
    expect(await received(stage.app.url)).toEqual([]);
  });
});

describe("a report", () => {
  const poll = { id: 301, title: "Parks" };
  const responses = [{ question_id: 9, response: "B", participant_id: 1001, matching_option_id: 4 }];
  test.each([
    ["a form with JSON in its fields", "poll.completed", FORM],
    ["JSON throughout", "poll.completed", JSON_TYPE],
    ["the other spelling", "poll.complete", FORM],
  ])("as %s is kept", async (_name, event, headers) => {
    await using stage = await open();
    const form = { event, poll: JSON.stringify(poll), responses: JSON.stringify(responses) };
    const body = headers === FORM ? new URLSearchParams(form).toString() : JSON.stringify({ event, poll, responses });
    expect(await post(urlOf(stage, `textizen/${SECRET}`), body, headers)).toBe(200);
    expect(await received(stage.app.url, "completedPolls")).toMatchObject([
      { responses: [{ id: "response:301.1001.9.1", text: "B" }] },
    ]);
  });

  test("of another event is answered 200 and means nothing; one that was cut off is refused", async () => {
    await using stage = await open();
    const url = urlOf(stage, `textizen/${SECRET}`);
    expect(await post(url, "event=poll.started&poll=%7B%22id%22%3A301%7D")).toBe(200);
    expect(await post(url, "")).toBe(200);
    expect(await post(url, "event=poll.completed&poll=%7B%22id%22")).toBe(400);
    expect(await received(stage.app.url, "completedPolls")).toEqual([]);
  });
});

describe("the secret", () => {
  test("lets in whoever has it, under any name; without it the door is a path that is not there", async () => {
    await using stage = await open();
    const wrong = [SECRET.toUpperCase(), SECRET.slice(1), `${SECRET}a`, "x", `${SECRET}/more`, encodeURIComponent("€")];
    for (const path of [...wrong.flatMap((secret) => [`pidj/${secret}`, `textizen/${secret}`]), `nobody/${SECRET}`]) {
      for (const host of ["127.0.0.1", "texts.example.org"]) {
        const reply = await raw(stage, `/webhooks/${path}?message=hi&from=1`, host);
        expect(reply, path).toEqual(await raw(stage, "/nowhere", "127.0.0.1"));
      }
    }
    expect(await received(stage.app.url)).toEqual([]);
    const reply = await raw(stage, `/webhooks/pidj/${SECRET}?message=hi&from=1`, "texts.example.org");
    expect(reply.status).toBe(200);
    expect((await raw(stage, "/graphql", "texts.example.org")).status).toBe(403);
  });

  test("is not said back, even where its URL is malformed", async () => {
    await using stage = await open();
    const reply = await raw(stage, `/webhooks/pidj/${SECRET}%zz`, "127.0.0.1");
    expect(reply.status).toBe(400);
    expect(JSON.stringify(reply)).not.toContain(SECRET);
    expect(JSON.stringify(reply)).toContain("BAD_USER_INPUT");
  });

  test("can be rotated: every one of several opens the door", async () => {
    const other = "another-secret-of-today";
    await using stage = await open({
      WEBHOOK_SECRET: `${other}, ${SECRET}`,
      PUBLIC_URL: "https://texts.example.org/in/",
    });
    expect(stage.app.webhooks).toEqual({
      pidj: `https://texts.example.org/in/webhooks/pidj/${other}`,
      textizen: `https://texts.example.org/in/webhooks/textizen/${other}`,
    });
    for (const secret of [SECRET, other]) {
      expect(await post(urlOf(stage, `pidj/${secret}`), `message=${secret}&from=1`)).toBe(200);
    }
    expect(await received(stage.app.url)).toHaveLength(2);
  });

  test("that is not set closes the doors", async () => {
    await using stage = await open({ WEBHOOK_SECRET: "" });
    expect(stage.app.webhooks).toBeNull();
    for (const path of ["pidj/", "pidj/undefined", "pidj/null", `pidj/${SECRET}`]) {
      expect(await post(urlOf(stage, path), "message=hi&from=1")).toBe(404);
    }
  });

  test.each(["short", `${SECRET},short`, "sixteen letters, or so", "x".repeat(101), "with/slash/in/the/path"])(
    "%j stops the start with a sentence that does not repeat it",
    async (secret) => {
      await expect(open({ WEBHOOK_SECRET: secret })).rejects.toThrow(/^WEBHOOK_SECRET must be 16 to 100 letters[^/]*$/);
    },
  );
});

/** A GET under a Host header of choice: what the server answers, to the last header that is its own. */
function raw(
  stage: Stage,
  path: string,
  host: string,
): Promise<{ status: number | undefined; text: string; type: unknown }> {
  const { hostname, port } = new URL(stage.app.url);
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, path, headers: { host } }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, text, type: response.headers["content-type"] }));
    })
      .on("error", reject)
      .end();
  });
}

test("an event that cannot be kept is answered 503, so that the platform tries again, and is kept then", async () => {
  using file = makeFile();
  await using stage = await open({ STORE_URL: file.url });
  using other = new DatabaseSync(file.path);
  other.exec("ALTER TABLE entry RENAME TO elsewhere");
  expect(await post(urlOf(stage), "message=hi&from=1")).toBe(503);
  other.exec("ALTER TABLE elsewhere RENAME TO entry");
  expect(await post(urlOf(stage), "message=hi&from=1")).toBe(200);
  expect(await received(stage.app.url)).toMatchObject([{ text: "hi", repeatCount: 0 }]);
});

test("nothing that was answered 200 is lost by a SIGKILL right after it", async () => {
  using file = makeFile();
  await using simulator = await startSimulator(SMALL);
  const environment = { ...environmentFor(simulator, file.path), WEBHOOK_SECRET: SECRET };
  const answered: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    await using server = await startChild(environment);
    const url = new URL(`/webhooks/pidj/${SECRET}`, server.url).href;
    // One page holds them all, even if the kill comes late.
    const deliveries = Array.from({ length: 33 }, async (_, at) => {
      const text = `${round} ${at}`;
      if ((await post(url, `message=${text}&from=%2B12025550101`)) === 200) {
        answered.push(text);
        await (answered.length === 10 * (round + 1) ? server.kill() : null);
      }
    });
    await Promise.allSettled(deliveries);
  }
  await using server = await startChild(environment);
  const { data } = await ask(server.url, "{ receivedMessages(first: 100) { nodes { text } totalCount } }");
  const kept = data.receivedMessages.nodes.map(({ text }: { text: string }) => text);
  expect(answered.length).toBeGreaterThanOrEqual(30);
  expect(kept).toEqual(expect.arrayContaining(answered));
  expect(data.receivedMessages.totalCount).toBe(new Set(kept).size);
});

test("no log line holds secret, number or text, whatever goes wrong", async () => {
  using file = makeFile();
  await using simulator = await startSimulator(SMALL);
  const env = { ...environmentFor(simulator, file.path), WEBHOOK_SECRET: SECRET, LOG_LEVEL: "trace" };
  const { spawn } = await import("node:child_process");
  const child = spawn(process.execPath, ["src/main.ts"], { env });
  let log = "";
  let said = "";
  child.stderr.on("data", (chunk) => {
    log += chunk;
  });
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await expect.poll(() => said, { timeout: 15_000 }).toMatch(/ready at/);
  const [, shown = ""] = /^Pidj forwards texts to (\S+)$/m.exec(said) ?? [];
  // Output that is no terminal is a log too.
  expect(said).toContain("/webhooks/textizen/{WEBHOOK_SECRET}");
  expect(said).not.toContain(SECRET);
  const door = shown.replace("{WEBHOOK_SECRET}", SECRET);
  expect(await post(door, "message=private-words&from=%2B12025550101")).toBe(200);
  expect(await post(door, "message=STOP&from=2025550199")).toBe(200);
  expect(await post(door, `{"message":"private-words","from":"+12025550101"`, JSON_TYPE)).toBe(400);
  expect(await post(door, "x".repeat(70_000))).toBe(413);
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
  expect(log).toContain("listening");
  expect(log).toContain("no number that can be opted out");
  for (const word of [SECRET, "12025550101", "2025550199", "private-words"]) {
    expect(log).not.toContain(word);
  }
});
