import fetch from "node-fetch";
import { expect, test } from "vitest";
import { SECRET } from "./events.ts";
import { type Stage, startStage } from "./support.ts";

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";

function open(): Promise<Stage> {
  const simulator = { people: 6, polls: 1, responsesPerPoll: 2, pidjGroups: 1 };
  return startStage({ simulator, env: { WEBHOOK_SECRET: SECRET } });
}

async function deliver(stage: Stage, body: object, type = JSON_TYPE, door = "pidj"): Promise<number> {
  const texts = Object.entries(body).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const response = await fetch(new URL(`/webhooks/${door}/${SECRET}`, stage.app.url), {
    method: "POST",
    headers: { "content-type": type },
    body: type === FORM ? new URLSearchParams(texts).toString() : JSON.stringify(body),
  });
  return response.status;
}

async function counts(stage: Stage, field: string): Promise<number[]> {
  const { data } = await stage.query(`{ ${field}(first: 100) { nodes { repeatCount } } }`);
  return data[field].nodes.map(({ repeatCount }: { repeatCount: number }) => repeatCount);
}

test("a text that says the same is a repeat, however nothing is spelt and whatever it is encoded in", async () => {
  await using stage = await open();
  const text = { message: "hi", from: "+12025550101" };
  for (const nothing of [{}, { contact_id: null }, { contact_id: "null" }, { contact_id: " " }, { group_id: "" }]) {
    await deliver(stage, { ...text, ...nothing });
    await deliver(stage, { ...text, ...nothing }, FORM);
  }
  await deliver(stage, { ...text, from: " 12025550101" });
  expect(await counts(stage, "receivedMessages")).toEqual([10]);
  await deliver(stage, { ...text, message: "hi " });
  await deliver(stage, { ...text, other: "1" });
  await deliver(stage, { ...text, to: "68398" });
  await deliver(stage, { ...text, to: "68399" });
  expect(await counts(stage, "receivedMessages")).toEqual([0, 0, 0, 0, 10]);
});

test("a report that says the same is a repeat, in JSON and in a form", async () => {
  await using stage = await open();
  const report = { event: "poll.completed", poll: { id: 301 }, responses: [{ id: 7, response: "B", match: null }] };
  expect(await deliver(stage, report, JSON_TYPE, "textizen")).toBe(200);
  expect(await deliver(stage, report, FORM, "textizen")).toBe(200);
  const reordered = { responses: [{ response: "B", id: "7" }], poll: { id: "301" }, event: "poll.completed" };
  expect(await deliver(stage, reordered, JSON_TYPE, "textizen")).toBe(200);
  const { data } = await stage.query("{ completedPolls { nodes { responses { id text } } } }");
  expect(data.completedPolls.nodes).toEqual([{ responses: [{ id: "response:7", text: "B" }] }]);
});

test("what is nested without end is taken all the same", async () => {
  await using stage = await open();
  const deep = "[".repeat(20_000) + "]".repeat(20_000);
  expect(await deliver(stage, { message: "hi", from: "+12025550101", deep })).toBe(200);
});

test.each([{ message: "" }, { message: " ", from: "null" }, { message: null, from: " " }])(
  "%j, without sender and text, is no event",
  async (body) => {
    await using stage = await open();
    expect(await deliver(stage, body)).toBe(400);
    expect(await counts(stage, "receivedMessages")).toEqual([]);
  },
);

test("what begins as a contact's id and is none is not taken for an external id", async () => {
  await using stage = await open();
  for (const contact_id of ["co:", "co:a b", "crm-7"]) {
    await deliver(stage, { message: contact_id, from: "+12025550101", contact_id });
  }
  const { data } = await stage.query("{ receivedMessages { nodes { contact { id } contactExternalId } } }");
  expect(data.receivedMessages.nodes).toEqual([
    { contact: null, contactExternalId: "crm-7" },
    { contact: null, contactExternalId: null },
    { contact: null, contactExternalId: null },
  ]);
});

test("a repeat is seen by operations that are shared, as the opt-out that comes with it is", async () => {
  await using stage = await open();
  const { versions } = stage.app.services;
  for (const _delivery of ["first", "repeat"]) {
    const stamp = versions.stamp("any");
    await deliver(stage, { message: "STOP", from: "+12025550101" });
    expect(versions.isCurrent(stamp)).toBe(false);
  }
});

test("a read that begins after an event joins none from before it", async () => {
  await using stage = await open();
  const route = "GET /groups";
  const read = () => stage.query("{ pidjGroups(first: 1) { nodes { id } } }");
  const held = stage.simulator.fault({ platform: "PIDJ", route, kind: "hold", times: 1 });
  const early = read();
  await held.arrived;
  await deliver(stage, { message: "hi", from: "+12025550101", group_id: "gr:new" });
  expect((await read()).data.pidjGroups.nodes).toHaveLength(1);
  held.release();
  await early;
  expect(stage.calls().filter((call) => call === `PIDJ ${route}`)).toHaveLength(2);
});
