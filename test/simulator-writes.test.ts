import { describe, expect, test } from "vitest";
import { one, startConnected } from "./simulator-client.ts";

const start = () => startConnected({ people: 6, polls: 1, now: () => new Date("2026-05-01T12:00:00Z") });

const refused = { status: 400, body: { code: 400, status: "error", message: expect.any(String) } };
const to_number = "+13035550199";

describe("Pidj's sends", () => {
  test("are refused, and not in the ledger, without exactly one known sender and a receiver in E.164", async () => {
    await using api = await start();
    const group = one(api.simulator.world.pidjGroups);
    const inactive = one(api.simulator.world.pidjGroups, (row) => !row.is_active);
    const good = { group_id: group.id, to_number, text_body: "Hello" };
    const { group_id: _, ...unsent } = good;
    const wrong: Record<string, string>[] = [
      unsent,
      { ...good, from_number: group.phone_number ?? "" },
      { ...unsent, from_number: "+13035550100" },
      { ...unsent, from_number: inactive.phone_number ?? "" },
      { ...good, group_id: "gr:unknown" },
      { ...good, group_id: one(api.simulator.world.contacts).id },
      { ...good, to_number: "13035550199" },
      { ...good, to_number: "" },
      { ...good, text_body: "" },
    ];
    for (const form of wrong) {
      expect(await api.pidj("POST /send", form), JSON.stringify(form)).toMatchObject(refused);
    }
    expect(api.simulator.ledger).toEqual([]);
    expect(await api.pidj("POST /send", { ...unsent, from_number: group.phone_number ?? "" })).toMatchObject({
      status: 200,
    });
  });

  test("from a group without a number fail with HTTP 200", async () => {
    await using api = await start();
    const group_id = one(api.simulator.world.pidjGroups, (group) => group.phone_number === null).id;
    const reply = await api.pidj("POST /send", { group_id, to_number, text_body: "Hello" });
    expect(reply).toMatchObject({
      status: 200,
      body: { status: "failure", message: expect.stringContaining("no phone number") },
    });
    expect(api.simulator.ledger).toEqual([]);
  });

  test("are in the ledger as they are delivered: at most 1,600 characters", async () => {
    await using api = await start();
    const group_id = one(api.simulator.world.pidjGroups).id;
    await api.pidj("POST /send", { group_id, to_number, text_body: "🌳".repeat(1601) });
    expect(api.simulator.ledger).toEqual([
      {
        call: "POST /send",
        at: new Date("2026-05-01T12:00:00Z"),
        input: { group_id, to_number, text_body: "🌳".repeat(1600) },
      },
    ]);
  });

  test("of a series or survey make a contact of an unknown number, and need exactly one receiver", async () => {
    await using api = await start();
    const { contacts, series, surveys, pidjGroups } = api.simulator.world;
    const before = contacts.size;
    const group_id = one(pidjGroups).id;
    const subscribe = { series_id: one(series).id, timezone: "America/Denver", group_id };
    const initiate = { survey_id: one(surveys).id, group_id };
    expect(await api.pidj("POST /series/subscribe", { ...subscribe, to_number })).toMatchObject({
      body: { message: "Series subscribe." },
    });
    expect(await api.pidj("POST /survey/initiate", { ...initiate, to_number })).toMatchObject({
      body: { message: "Survey initiated." },
    });
    expect([...contacts.values()].slice(before)).toMatchObject([{ phone_number: to_number }]);
    const contact_id = one(contacts).id;
    expect(await api.pidj("POST /series/subscribe", { ...subscribe, to_number, contact_id })).toMatchObject(refused);
    expect(await api.pidj("POST /series/subscribe", subscribe)).toMatchObject(refused);
    expect(await api.pidj("POST /series/subscribe", { ...subscribe, contact_id: "co:unknown" })).toMatchObject(refused);
    expect(await api.pidj("POST /survey/initiate", { ...initiate, survey_id: "sv:unknown", to_number })).toMatchObject(
      refused,
    );
    for (const timezone of ["", "america/denver", "AMERICA/DENVER", "Mars/Olympus"]) {
      expect(await api.pidj("POST /series/subscribe", { ...subscribe, to_number, timezone }), timezone).toMatchObject(
        refused,
      );
    }
    expect(api.simulator.ledger.map(({ call }) => call)).toEqual(["POST /series/subscribe", "POST /survey/initiate"]);
  });

  test("make tasks, of a known channel and group and with a topic of 3,200 characters at most", async () => {
    await using api = await start();
    expect(await api.pidj("POST /task/initiate", { subject: "No channel" })).toMatchObject(refused);
    expect(await api.pidj("POST /task/initiate", { channel: "ticket", group_id: "gr:unknown" })).toMatchObject(refused);
    expect(await api.pidj("POST /task/initiate", { channel: "ticket", topic: "x".repeat(3201) })).toMatchObject(
      refused,
    );
    const { body } = await api.pidj("POST /task/initiate", { channel: "ticket", topic: "x".repeat(3200) });
    expect(body).toMatchObject({ task: one(api.simulator.world.tasks).id });
    expect(api.simulator.ledger).toHaveLength(1);
  });
});

describe("Pidj's contacts", () => {
  test("change where a property is given, lose what is blank and keep the rest", async () => {
    await using api = await start();
    const contact = one(api.simulator.world.contacts);
    await api.pidj(`PUT /contact/${contact.id}`, { first_name: "Ada", email_address: "", external_id: "new" });
    const { body } = await api.pidj(`GET /contact/${contact.id}`);
    const { phone_number, last_name, external_id, tags } = contact;
    expect(body).toMatchObject({
      contact: { first_name: "Ada", email_address: "", phone_number, last_name, external_id, tags },
    });
    expect(body).not.toHaveProperty("contact.id");
  });

  test("are found by number when created again, and then nothing is stored", async () => {
    await using api = await start();
    const { shapes, world } = api.simulator;
    const { id, phone_number } = one(world.contacts);
    const create = () => api.pidj("POST /contact", { phone_number, first_name: "Other" });
    expect(await create()).toMatchObject({ status: 200, body: { status: "success", id } });
    shapes.existingContact = "success-without-id";
    expect((await create()).body).toEqual({ code: 200, status: "success", message: "Contact already exists." });
    shapes.existingContact = "failure";
    expect(await create()).toMatchObject({ status: 200, body: { code: 200, status: "failure" } });
    expect(world.contacts.get(id)?.first_name).not.toBe("Other");
    expect(world.contacts.size).toBe(4);
  });

  test("take flat addresses, and drop a state or country that is none", async () => {
    await using api = await start();
    const address = {
      home_street_1: "1 Main St",
      home_state: "Utah",
      home_country: "USA",
      business_state: "UT",
      business_country: "Freedonia",
    };
    const { body } = await api.pidj("POST /contact", { phone_number: to_number, group: "VOLUNTEERS", ...address });
    const { id } = body as { id: string };
    expect(api.simulator.world.contacts.get(id)).toMatchObject({
      addresses: { home_street_1: "1 Main St", home_country: "USA", business_state: "UT" },
      group_id: one(api.simulator.world.pidjGroups, (group) => group.name === "Volunteers").id,
      timezone: "America/Denver",
    });
    await api.pidj(`PUT /contact/${id}`, { home_city: "Provo", business_state: "" });
    expect(api.simulator.world.contacts.get(id)?.addresses).toEqual({
      home_street_1: "1 Main St",
      home_city: "Provo",
      home_country: "USA",
      business_state: "",
    });
    for (const wrong of [
      { home_postal: "123" },
      { home_city: "x".repeat(201) },
      { group: "Nobody" },
      { phone_number: "801" },
    ]) {
      expect(await api.pidj(`PUT /contact/${id}`, wrong), JSON.stringify(wrong)).toMatchObject(refused);
    }
  });

  test("are gone once deleted", async () => {
    await using api = await start();
    const { id } = one(api.simulator.world.contacts);
    expect(await api.pidj(`DELETE /contact/${id}`)).toMatchObject({ status: 200 });
    expect(await api.pidj(`DELETE /contact/${id}`)).toMatchObject({
      status: 404,
      body: { code: 404, status: "error" },
    });
  });
});

test("Pidj's refusals may come with HTTP 200", async () => {
  await using api = await start();
  api.simulator.shapes.pidjFailures = "http-200";
  expect(await api.pidj("GET /contact/co:unknown")).toMatchObject({
    status: 200,
    body: { code: 404, status: "error" },
  });
});

describe("Pidj's users", () => {
  test("need a new username, a password, known roles and known groups", async () => {
    await using api = await start();
    const { pidjGroups, pidjUsers } = api.simulator.world;
    const good = { username: "ada", password: "secret" };
    const wrong = [
      { username: "ada" },
      { password: "secret" },
      { ...good, roles: "agent|owner" },
      { ...good, groups: "Nobody" },
    ];
    for (const form of wrong) {
      expect(await api.pidj("POST /user", form as Record<string, string>), JSON.stringify(form)).toMatchObject(refused);
    }
    const groups = `volunteers|${one(pidjGroups, (group) => group.name === "Parents").id}`;
    const { body } = await api.pidj("POST /user", { ...good, roles: "agent|manager", groups });
    const created = pidjUsers.get((body as { id: string }).id);
    expect(created).toMatchObject({ roles: ["agent", "manager"], group_ids: [...pidjGroups.keys()].slice(0, 2) });
    expect(JSON.stringify(created)).not.toContain("secret");
    expect(await api.pidj("POST /user", good)).toMatchObject({
      body: { status: "error", message: expect.stringContaining("username") },
    });
  });

  test("pause, are deleted and recover; unpausing may answer as the sample does", async () => {
    await using api = await start();
    const { id } = one(api.simulator.world.pidjUsers);
    expect((await api.pidj(`POST /user/${id}/pause`)).body).toMatchObject({ paused: true });
    expect((await api.pidj(`POST /user/${id}/unpause`)).body).toMatchObject({ paused: false });
    api.simulator.shapes.unpauseAnswer = "true";
    expect((await api.pidj(`POST /user/${id}/unpause`)).body).toMatchObject({ paused: true });
    await api.pidj(`DELETE /user/${id}`);
    expect(await api.pidj(`GET /user/${id}`)).toMatchObject({ status: 404 });
    await api.pidj(`PUT /user/${id}/recover`);
    expect(await api.pidj(`GET /user/${id}`)).toMatchObject({ status: 200, body: { user: { tags: [] } } });
  });

  test("are signed in by one of two ids, and sent on to a Base64 encoded URL only", async () => {
    await using api = await start();
    const { id } = one(api.simulator.world.pidjUsers);
    const encode = (url: string) => Buffer.from(url).toString("base64");
    const wrong = [
      {},
      { user_uuid: id, external_id: "staff-1001" },
      { user_uuid: "us:unknown" },
      { external_id: "unknown" },
    ];
    const next = [
      "https://a.example/",
      "aHR0cHM6Ly9hLmV4YW1wbGUvYQ",
      encode("/local"),
      encode("javascript:alert(1)"),
    ].map((value) => ({
      user_uuid: id,
      next: value,
    }));
    for (const form of [...wrong, ...next]) {
      expect(await api.pidj("POST /sso/url", form as Record<string, string>), JSON.stringify(form)).toMatchObject(
        refused,
      );
    }
    const good = { external_id: "staff-1001", next: encode("https://a.example/ü") };
    expect((await api.pidj("POST /sso/url", good)).body).toMatchObject({
      url: expect.stringMatching(/^https:\/\/gopidj\.com\/sso\//),
    });
  });
});
