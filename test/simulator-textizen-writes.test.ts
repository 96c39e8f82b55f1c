import { describe, expect, test } from "vitest";
import { one, startConnected } from "./simulator-client.ts";

const start = () => startConnected({ people: 6, polls: 1, now: () => new Date("2026-05-01T12:00:00Z") });

describe("Textizen's writes", () => {
  test("answer 422 with the field for what is missing or malformed", async () => {
    await using api = await start();
    const poll = { title: "New", language: "en", error_message: "Sorry", active: "true" };
    const cases: [call: string, body: object, field: string][] = [
      ["POST /api/groups", { name: "outside its wrapper" }, "name"],
      ["PUT /api/groups/71", { group: { name: " " } }, "name"],
      ["POST /api/campaigns", { campaign: { title: "A", description: "B", organization_id: 1 } }, "organization_id"],
      ["POST /api/campaigns", { campaign: { title: "A" }, organization_id: 1 }, "description"],
      ["POST /api/participants", { participant: { name: "A" } }, "phone_number"],
      ["POST /api/participants", { participant: { name: "A", phone_number: "555-1212" } }, "phone_number"],
      ["POST /api/participants/1001/subscriptions", { group_id: 71 }, "group_id"],
      ["GET /api/participants/1001/tokens", {}, "campaign_id"],
      ["PUT /api/participants/1001/tokens", { campaign_id: "11" }, "tokens"],
      ["POST /api/polls", { poll: { ...poll, active: "maybe" } }, "active"],
      ["POST /api/polls", { poll: { ...poll, error_message: "" } }, "error_message"],
      ["POST /api/polls/301/mailings", { mailing: { group_ids: [71] } }, "send_at"],
      ["POST /api/polls/301/mailings", { mailing: { send_at: "tomorrow" } }, "send_at"],
      ["PUT /api/mailings/5001", { mailing: { phone_numbers_list: "+14155551212" } }, "phone_numbers_list"],
    ];
    for (const [call, body, field] of cases) {
      expect(await api.textizen(call, body), `${call} ${field}`).toMatchObject({
        status: 422,
        body: { [field]: [expect.any(String)] },
      });
    }
    expect(await api.textizen("POST /api/polls", { poll })).toMatchObject({ status: 201, body: { active: true } });
  });

  test("answer 404 for ids of nothing", async () => {
    await using api = await start();
    const calls: [call: string, body: object][] = [
      ["PUT /api/groups/1", { group: { name: "A" } }],
      ["POST /api/participants/1/subscriptions", { subscription: { group_id: 71 } }],
      ["POST /api/participants/1001/subscriptions", { subscription: { group_id: 1 } }],
      ["POST /api/participants", { participant: { name: "A", phone_number: "14155551212" }, campaign_id: 1 }],
      ["POST /api/polls/301/mailings", { mailing: { send_at: "2026-06-01T00:00Z", group_ids: [1] } }],
      ["PUT /api/participants/abc", { name: "A" }],
    ];
    for (const [call, body] of calls) {
      expect(await api.textizen(call, body), call).toMatchObject({ status: 404, body: { error: "Not Found" } });
    }
  });

  test("give the old participant for a number that is there, or refuse it", async () => {
    await using api = await start();
    const { id, phone_number, name } = one(api.simulator.world.participants, (row) => !row.is_masked);
    const create = () => api.textizen("POST /api/participants", { participant: { name: "Other", phone_number } });
    expect(await create()).toMatchObject({ status: 200, body: { id, name } });
    api.simulator.shapes.existingParticipant = "refused";
    expect(await create()).toMatchObject({ status: 422, body: { phone_number: ["has already been taken"] } });
  });

  test("change a participant only by the form that is looked for, and say nothing otherwise", async () => {
    await using api = await start();
    const { shapes, world } = api.simulator;
    const { id } = one(world.participants);
    const put = async (body: object): Promise<string | null | undefined> => {
      expect(await api.textizen(`PUT /api/participants/${id}`, body)).toEqual({ status: 204, type: "", body: "" });
      return world.participants.get(id)?.name;
    };
    expect(await put({ name: "Top" })).toBe("Top");
    expect(await put({ participant: { name: "Wrapped" } })).toBe("Top");
    shapes.participantUpdate = "wrapped";
    expect(await put({ participant: { name: "Wrapped" } })).toBe("Wrapped");
    expect(await put({ name: "Top" })).toBe("Wrapped");
    shapes.participantUpdate = "ignored";
    expect(await put({ name: "Top", participant: { name: "Top" } })).toBe("Wrapped");
  });

  test("move participants in and out of groups", async () => {
    await using api = await start();
    const { shapes, world } = api.simulator;
    const { id } = one(world.participants);
    const isMember = async (): Promise<boolean> => {
      const { body } = await api.textizen("GET /api/groups/73");
      return (body as { participants: { id: number }[] }).participants.some((member) => member.id === id);
    };
    const add = () => api.textizen(`POST /api/participants/${id}/subscriptions`, { subscription: { group_id: "73" } });
    const remove = (body: object) => api.textizen(`PUT /api/participants/${id}/subscriptions/unsubscribe`, body);
    expect(await add()).toMatchObject({ status: 201, body: { participant_id: id, group_id: 73 } });
    expect(await isMember()).toBe(true);
    expect(await remove({ subscription: { group_id: 73 } })).toMatchObject({ status: 204 });
    expect(await isMember()).toBe(false);
    await add();
    shapes.unsubscribe = "top";
    expect(await remove({ subscription: { group_id: 73 } })).toMatchObject({ status: 422 });
    shapes.unsubscribe = "ignored";
    expect(await remove({ group_id: 73 })).toMatchObject({ status: 204 });
    expect(await isMember()).toBe(true);
    shapes.unsubscribe = "top";
    await remove({ group_id: 73 });
    expect(await isMember()).toBe(false);
  });

  test("add and remove tokens of one campaign", async () => {
    await using api = await start();
    const path = "/api/participants/1003/tokens";
    await api.textizen(`PUT ${path}`, { campaign_id: "11", tokens: { a: "1", b: 2 } });
    await api.textizen(`PUT ${path}`, { campaign_id: 11, tokens: { c: "3" } });
    await api.textizen(`DELETE ${path}`, { campaign_id: 11, tokens: "a,unknown" });
    expect((await api.textizen(`GET ${path}`, { campaign_id: 11 })).body).toEqual({ tokens: { b: "2", c: "3" } });
    expect((await api.textizen(`GET ${path}`, { campaign_id: 12 })).body).toEqual({ tokens: {} });
  });

  test("schedule mailings in UTC, taking a time without a zone for Eastern", async () => {
    await using api = await start();
    const times = {
      "2017-03-14T19:26:53.895": "2017-03-14T23:26:53.895Z",
      "2026-01-02T03:04:05+02:00": "2026-01-02T01:04:05.000Z",
    };
    for (const [send_at, stored] of Object.entries(times)) {
      const reply = await api.textizen("POST /api/polls/301/mailings", { mailing: { send_at, group_ids: ["71", 72] } });
      expect(reply).toMatchObject({
        status: 201,
        body: { send_at: stored, group_ids: [71, 72], phone_numbers_list: null },
      });
    }
  });

  test("keep a mailing without receivers out of the ledger, and credentials too", async () => {
    await using api = await start();
    const send_at = "2026-06-01T00:00:00.000Z";
    const create = (mailing: object) =>
      api.textizen("POST /api/polls/301/mailings", { mailing: { send_at, ...mailing } });
    expect(await create({})).toMatchObject({ status: 201 });
    await create({ phone_numbers_list: "14155551212,16515551212" });
    const input = { poll_id: 301, send_at, group_ids: [], phone_numbers_list: "14155551212,16515551212" };
    expect(api.simulator.ledger).toEqual([{ call: "POST /api/polls/{id}/mailings", at: expect.any(Date), input }]);
  });

  test("change of a mailing what is given", async () => {
    await using api = await start();
    const { send_at } = one(api.simulator.world.mailings);
    await api.textizen("PUT /api/mailings/5001", { mailing: { phone_numbers_list: "14155551212" } });
    const { body } = await api.textizen("GET /api/mailings/5001");
    expect(body).toMatchObject({ send_at, phone_numbers_list: "14155551212", group_ids: [71, 74, 77] });
  });
});
