import { describe, expect, test } from "vitest";
import type { Fault } from "../src/simulator/faults.ts";
import { FOREIGN_ANSWERS, type ForeignAnswer } from "../src/simulator/foreign-answers.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { connect, one, startConnected } from "./simulator-client.ts";

describe("faults", () => {
  const send = { to_number: "+13035550199", text_body: "Hello" };
  async function start() {
    const { simulator, pidj } = await startConnected({ people: 3, polls: 0 });
    return { simulator, post: () => pidj("POST /send", { ...send, group_id: one(simulator.world.pidjGroups).id }) };
  }

  const answered: [fault: Partial<Fault>, reply: object, sends: number][] = [
    [{ kind: "status", status: 503, headers: { "retry-after": "7" } }, { status: 503 }, 0],
    [{ kind: "status", status: 500, after: true }, { status: 500 }, 1],
    [{ kind: "redirect", location: "http://127.0.0.1:1/" }, { status: 302 }, 0],
    [{ kind: "failure-in-200", message: "No." }, { status: 200, body: { status: "failure", message: "No." } }, 0],
    [{ kind: "html-200" }, { status: 200, type: "text/html" }, 1],
    [{ kind: "empty-body" }, { status: 200, body: "" }, 1],
    [{ kind: "delay", milliseconds: 1 }, { status: 200, body: { message: "Text sent." } }, 1],
    [{ kind: "slow-body", millisecondsPerByte: 1 }, { status: 200, body: { message: "Text sent." } }, 1],
    [{ kind: "rewrite", rewrite: (json) => [json, null] }, { status: 200, body: [{ code: 200 }, null] }, 1],
  ];
  test.each(answered)("%o", async (fault, reply, sends) => {
    const { simulator, post } = await start();
    await using _ = simulator;
    simulator.fault({ platform: "PIDJ", route: "POST /send", times: 1, ...fault } as Fault);
    expect(await post()).toMatchObject(reply);
    expect(simulator.ledger).toHaveLength(sends);
    expect(await post()).toMatchObject({ status: 200, body: { message: "Text sent." } });
  });

  const broken: [kind: "refuse" | "reset-after-request" | "cut-body" | "malformed-json", sends: number][] = [
    ["refuse", 0],
    ["reset-after-request", 1],
    ["cut-body", 1],
    ["malformed-json", 1],
  ];
  test.each(broken)("%s leaves no usable answer, and %i sends", async (kind, sends) => {
    const { simulator, post } = await start();
    await using _ = simulator;
    const remove = simulator.fault({ platform: "PIDJ", kind });
    await expect(post()).rejects.toThrow();
    expect(simulator.ledger).toHaveLength(sends);
    remove();
    expect(await post()).toMatchObject({ status: 200 });
  });

  test.each(Object.entries(FOREIGN_ANSWERS))("%s stands in for the platform's answer", async (name, foreign) => {
    const { simulator, post } = await start();
    await using _ = simulator;
    simulator.fault({ platform: "PIDJ", kind: "foreign", answer: name as ForeignAnswer, times: 1 });
    const { status, type } = await post();
    expect({ status, type }).toEqual({
      status: foreign.status,
      type: "contentType" in foreign ? foreign.contentType : "",
    });
    expect(simulator.ledger).toHaveLength(0);
  });

  test("a failure inside HTTP 200 is said in the platform's own envelope", async () => {
    await using api = await startConnected({ people: 3, polls: 0 });
    api.simulator.fault({ platform: "PIDJ", kind: "failure-in-200", message: "No." });
    api.simulator.fault({ platform: "TEXTIZEN", kind: "failure-in-200", message: "No." });
    expect((await api.pidj("GET /groups")).body).toEqual({ code: 200, status: "failure", message: "No." });
    expect((await api.textizen("GET /api/user")).body).toEqual({ error: "No." });
  });

  test("a huge body is the good answer with blanks behind it", async () => {
    await using simulator = await startSimulator({ people: 0, polls: 0 });
    simulator.fault({ platform: "TEXTIZEN", route: /user$/, kind: "huge-body", bytes: 300_000 });
    const { authToken } = await connect(simulator);
    const answer = await fetch(`${simulator.textizen.url}/api/user?auth_token=${authToken}`);
    const body = await answer.text();
    expect(answer.headers.get("content-length")).toBeNull();
    expect(body).toHaveLength(300_000);
    expect(JSON.parse(body)).toMatchObject({ organization_id: 1 });
  });

  test("a held answer waits for its release, its request carried out, the other platform untouched", async () => {
    await using api = await startConnected({ people: 3, polls: 0 });
    const hold = api.simulator.fault({ platform: "PIDJ", kind: "hold" });
    const held = api.pidj("POST /send", { ...send, group_id: one(api.simulator.world.pidjGroups).id });
    await hold.arrived;
    expect(api.simulator.ledger).toHaveLength(1);
    expect(await api.textizen("GET /api/user")).toMatchObject({ status: 200 });
    expect(api.simulator.journal.at(-2)).toMatchObject({ route: "POST /send", status: null });
    hold.release();
    expect(await held).toMatchObject({ status: 200, body: { message: "Text sent." } });
  });

  test("a hanging request ends with the simulator", async () => {
    const { simulator, post } = await start();
    simulator.fault({ platform: "PIDJ", kind: "hang" });
    simulator.fault({ platform: "TEXTIZEN", kind: "delay", milliseconds: 3_600_000 });
    const hanging = [expect(post()).rejects.toThrow(), expect(fetch(simulator.textizen.url)).rejects.toThrow()];
    await expect.poll(() => simulator.journal.length).toBe(3);
    await simulator.close();
    await Promise.all(hanging);
    expect(simulator.ledger).toHaveLength(0);
  });

  test("faults on one request are nested", async () => {
    const { simulator, post } = await start();
    await using _ = simulator;
    simulator.fault({ platform: "PIDJ", kind: "rewrite", rewrite: (json) => ({ outer: json }) });
    simulator.fault({ platform: "PIDJ", kind: "rewrite", rewrite: () => "inner" });
    expect((await post()).body).toEqual({ outer: "inner" });
  });

  test("a platform that is down refuses connections, and comes back at the same place", async () => {
    const { simulator, post } = await start();
    await using _ = simulator;
    await simulator.pidj.stop();
    await expect(post()).rejects.toThrow();
    await expect(fetch(simulator.pidj.url)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    await simulator.pidj.start();
    expect(await post()).toMatchObject({ status: 200 });
  });
});
