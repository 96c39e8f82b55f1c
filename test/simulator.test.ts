import { spawn } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect as connectSocket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { startSimulator } from "../src/simulator/simulator.ts";
import { connect, exchange, one } from "./simulator-client.ts";

const small = { people: 60, polls: 2, responsesPerPoll: 120 };

describe("the documents' calls", () => {
  test("all of Pidj's are answered", async () => {
    await using simulator = await startSimulator(small);
    const { world } = simulator;
    const contact = one(world.contacts).id;
    const user = one(world.pidjUsers).id;
    const from = { group_id: one(world.pidjGroups).id };
    const to = { to_number: "+13035550199" };
    const calls: [route: string, id: string, form?: Record<string, string>][] = [
      ["POST /send", "", { ...from, ...to, text_body: "Hello" }],
      ["POST /task/initiate", "", { channel: "ticket" }],
      ["GET /user/{id}", user],
      ["POST /user", "", { username: "new", password: "secret" }],
      ["PUT /user/{id}", user, { first_name: "Ada" }],
      ["DELETE /user/{id}", user],
      ["PUT /user/{id}/recover", user],
      ["POST /user/{id}/pause", user],
      ["POST /user/{id}/unpause", user],
      ["POST /sso/url", "", { user_uuid: user }],
      ["GET /contact/{id}", contact],
      ["POST /contact", "", { phone_number: "+13035550198" }],
      ["PUT /contact/{id}", contact, { first_name: "Ada" }],
      ["GET /groups", ""],
      [
        "POST /series/subscribe",
        "",
        { ...from, contact_id: contact, series_id: one(world.series).id, timezone: "America/Denver" },
      ],
      ["GET /series", ""],
      ["POST /survey/initiate", "", { ...from, contact_id: contact, survey_id: one(world.surveys).id }],
      ["GET /surveys", ""],
      ["GET /authorization-check", ""],
      ["POST /authorization-check", ""],
      ["DELETE /contact/{id}", contact],
    ];
    const { pidj } = await connect(simulator);
    simulator.clearJournal();
    for (const [route, id, form] of calls) {
      expect(await pidj(route.replace("{id}", id), form), route).toMatchObject({
        status: 200,
        body: { code: 200, status: "success" },
      });
    }
    expect(simulator.journal.map(({ route }) => route)).toEqual(calls.map(([route]) => route));
  });

  test("all of Textizen's are answered", async () => {
    await using simulator = await startSimulator(small);
    const { world } = simulator;
    const participant = one(world.participants).id;
    const group_id = one(world.textizenGroups).id;
    const campaign_id = one(world.campaigns).id;
    const [mailing, poll, response] = [one(world.mailings).id, one(world.polls).id, one(world.responses).id];
    const send = { send_at: "2026-03-14T19:26:53Z", group_ids: [group_id] };
    const texts = { title: "New", language: "en", error_message: "Sorry", active: true };
    const calls: [status: number, route: string, id?: number, body?: object][] = [
      [200, "GET /api/groups"],
      [200, "GET /api/groups/{id}", group_id],
      [201, "POST /api/groups", 0, { group: { name: "New" } }],
      [204, "PUT /api/groups/{id}", group_id, { group: { name: "Newer" } }],
      [200, "GET /api/campaigns"],
      [200, "GET /api/campaigns/{id}", campaign_id],
      [201, "POST /api/campaigns", 0, { campaign: { title: "New", description: "One" }, organization_id: "1" }],
      [200, "GET /api/participants"],
      [200, "GET /api/participants/{id}", participant],
      [201, "POST /api/participants", 0, { participant: { name: "Jane", phone_number: "14155551212" } }],
      [204, "PUT /api/participants/{id}", participant, { name: "Katherine" }],
      [201, "POST /api/participants/{id}/subscriptions", participant, { subscription: { group_id } }],
      [204, "PUT /api/participants/{id}/subscriptions/unsubscribe", participant, { subscription: { group_id } }],
      [200, "GET /api/participants/{id}/tokens", participant, { campaign_id }],
      [204, "PUT /api/participants/{id}/tokens", participant, { campaign_id, tokens: { key: "value" } }],
      [204, "DELETE /api/participants/{id}/tokens", participant, { campaign_id, tokens: "key" }],
      [200, "GET /api/polls"],
      [200, "GET /api/polls/{id}", poll],
      [201, "POST /api/polls", 0, { poll: texts }],
      [200, "GET /api/polls/{id}/mailings", poll],
      [200, "GET /api/mailings/{id}", mailing],
      [201, "POST /api/polls/{id}/mailings", poll, { mailing: send }],
      [204, "PUT /api/mailings/{id}", mailing, { mailing: send }],
      [200, "GET /api/responses/{id}", response],
      [200, "GET /api/user"],
    ];
    const { textizen } = await connect(simulator);
    for (const [status, route, id, body] of calls) {
      expect(await textizen(route.replace("{id}", String(id)), body), route).toMatchObject({ status });
    }
    expect(simulator.journal.map(({ route }) => route)).toEqual([
      "POST /api/users/sign_in",
      ...calls.map(([, route]) => route),
    ]);
  });

  test("anything else is a 404, each platform in its own way", async () => {
    await using simulator = await startSimulator({ people: 0, polls: 0 });
    const { pidj, textizen } = await connect(simulator);
    expect(await pidj("GET /contacts")).toMatchObject({ status: 404, body: { code: 404, status: "error" } });
    expect(await pidj("HEAD /groups")).toMatchObject({ status: 404 });
    expect(await pidj("GET /contact/co:none")).toMatchObject({ status: 404, body: { code: 404 } });
    expect(await textizen("DELETE /api/groups/71")).toMatchObject({
      status: 404,
      body: { status: 404, error: "Not Found" },
    });
    expect(await textizen("GET /api/polls/999999")).toMatchObject({
      status: 404,
      body: { status: 404, error: "Not Found" },
    });
    expect(simulator.journal.map(({ route }) => route)).toContain("unknown");
  });

  test("GET /contacts lists every contact where it is asked for", async () => {
    await using simulator = await startSimulator({ people: 3, polls: 0, contactsList: true });
    const { pidj } = await connect(simulator);
    const [contact] = simulator.world.contacts.values();
    const { body } = await pidj("GET /contacts");
    expect(body).toMatchObject({
      status: "success",
      contacts: [{ id: contact?.id, phone_number: contact?.phone_number }, {}],
    });
  });
});

describe("who may call", () => {
  test("Pidj refuses other credentials", async () => {
    await using simulator = await startSimulator({ people: 0, polls: 0 });
    const authorization = `Basic ${Buffer.from(`${simulator.pidj.accountKey}:wrong`).toString("base64")}`;
    const refused = { status: 401, body: { code: 401, status: "error" } };
    expect(await exchange(simulator.pidj.url, "GET /groups", { authorization })).toMatchObject(refused);
    expect(await exchange(simulator.pidj.url, "GET /groups")).toMatchObject(refused);
  });

  test("Pidj refuses a body that is not a form", async () => {
    await using simulator = await startSimulator({ people: 0, polls: 0 });
    const { accountKey, token, url } = simulator.pidj;
    const authorization = `Basic ${Buffer.from(`${accountKey}:${token}`).toString("base64")}`;
    expect(await exchange(url, "POST /contact", { authorization }, { phone_number: "+13035550199" })).toMatchObject({
      status: 415,
      body: { code: 415, status: "error" },
    });
  });

  test("Textizen takes its token from the body or the query and refuses a wrong password", async () => {
    await using simulator = await startSimulator({ people: 0, polls: 0 });
    const { url, email } = simulator.textizen;
    const { textizen, authToken } = await connect(simulator);
    expect(await textizen("GET /api/user")).toMatchObject({ status: 200, body: { email } });
    expect(await exchange(url, `GET /api/user?auth_token=${authToken}`)).toMatchObject({ status: 200 });
    expect(await exchange(url, "GET /api/user")).toMatchObject({ status: 401, body: { error: expect.any(String) } });
    const wrong = { email, password: "wrong" };
    expect(await exchange(url, "POST /api/users/sign_in", {}, wrong)).toMatchObject({ status: 401 });
  });

  test("Textizen reads no body of a GET that does not announce its length", async () => {
    await using simulator = await startSimulator({ people: 0, polls: 0 });
    const { authToken } = await connect(simulator);
    const body = JSON.stringify({ auth_token: authToken });
    const headers = { "content-type": "application/json", "transfer-encoding": "chunked" };
    const chunked = httpRequest(`${simulator.textizen.url}/api/user`, { method: "GET", headers }).end(body);
    const [answer] = await once(chunked, "response");
    expect(answer).toMatchObject({ statusCode: 411 });
    const socket = connectSocket(Number(new URL(simulator.textizen.url).port), "127.0.0.1");
    socket.end(
      `GET /api/user HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${body}`,
    );
    expect(await text(socket)).toMatch(/^HTTP\/1.1 40[01] /);
    expect(simulator.journal.at(-1)).toMatchObject({ route: "GET /api/user", body: "" });
  });

  test("an ended session is a 401 until the next sign-in", async () => {
    await using simulator = await startSimulator({ people: 0, polls: 0 });
    const before = await connect(simulator);
    simulator.expireSessions();
    expect(await before.textizen("GET /api/user")).toMatchObject({ status: 401 });
    const after = await connect(simulator);
    expect(await after.textizen("GET /api/user")).toMatchObject({ status: 200 });
    simulator.shapes.sessions = "exclusive";
    await connect(simulator);
    expect(await after.textizen("GET /api/user")).toMatchObject({ status: 401 });
  });
});

test("the journal tells what came in and what was answered", async () => {
  await using simulator = await startSimulator({ people: 0, polls: 0 });
  const { pidj, textizen } = await connect(simulator);
  simulator.clearJournal();
  await pidj("POST /contact", { phone_number: "+1303 555" });
  await textizen("GET /api/polls/5");
  expect(simulator.journal).toMatchObject([
    {
      platform: "PIDJ",
      method: "POST",
      path: "/api/2020/contact",
      route: "POST /contact",
      form: { phone_number: "+1303 555" },
      body: "phone_number=%2B1303+555",
      status: 400,
    },
    {
      platform: "TEXTIZEN",
      path: "/api/polls/5",
      route: "GET /api/polls/{id}",
      json: { auth_token: expect.any(String) },
      status: 404,
    },
  ]);
});

describe("the program", () => {
  const program = new URL("../src/simulator/main.ts", import.meta.url).pathname;

  test("prints what goes into a .env and stops on SIGTERM", async () => {
    const child = spawn(process.execPath, [program, "--people", "3", "--pidj-port", "0", "--textizen-port", "0"]);
    const [printed] = await once(child.stdout, "data");
    const lines = String(printed)
      .trim()
      .split("\n")
      .map((line) => line.split("=", 1)[0]);
    expect(lines).toEqual([
      "PIDJ_BASE_URL",
      "PIDJ_ACCOUNT_KEY",
      "PIDJ_TOKEN",
      "TEXTIZEN_BASE_URL",
      "TEXTIZEN_EMAIL",
      "TEXTIZEN_PASSWORD",
    ]);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test.each([
    [["--people", "many"], '--people must be a whole number from 0 to 10000000, not "many".\n'],
    [["--shape", "ids=hex"], '--shape ids must be number or text, not "hex".\n'],
    [["--people", "900000"], "people must be at most 500000.\n"],
  ])("refuses %j in one sentence", async (args, sentence) => {
    const child = spawn(process.execPath, [program, ...args]);
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect([said, code]).toEqual([sentence, 1]);
  });
});
