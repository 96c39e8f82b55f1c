import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DriftWatch } from "../src/rest/drift.ts";
import { type Stage, startStage } from "./support.ts";

type Json = Record<string, unknown>;

/** How often each property was reported, by platform, call, path and kind. */
async function driftsOf({ app }: Stage): Promise<string[]> {
  const text = await (await fetch(new URL("/metrics", app.url))).text();
  const series = text.matchAll(/^textgraph_platform_drifts_total\{(.*)\} (\d+)$/gm);
  return [...series].map(([, labels = "", count]) => `${labels.replace(/\w+="([^"]*)",?/g, "$1 ")}× ${count}`).sort();
}

function rewriteOnce(stage: Stage, platform: "PIDJ" | "TEXTIZEN", route: string, change: (row: Json) => Json) {
  const rewrite = (json: unknown): unknown => {
    if (Array.isArray(json)) {
      return json.map((row: Json) => change(row));
    }
    const [key = "", value] = Object.entries(json as Json).find(([, member]) => typeof member === "object") ?? [];
    const rows = Array.isArray(value) ? value.map((row: Json) => change(row)) : change(value as Json);
    return { ...(json as Json), [key]: rows };
  };
  stage.simulator.fault({ platform, route, kind: "rewrite", rewrite, times: 1 });
}

test("a property that is new, missing or of another type is logged and counted once, with its path and without a value", async () => {
  let log = "";
  const logTo = { write: (line: string) => (log += line) };
  const env = { SNAPSHOT_SECONDS: "0", LOG_LEVEL: "warn" };
  await using stage = await startStage({ simulator: { people: 3, polls: 0 }, env, app: { logTo } });
  const contact = [...stage.simulator.world.contacts.keys()][0];
  const ask = () =>
    stage.query(`{ contact(id: "${contact}") { tags } surveys { totalCount } participants { totalCount } }`);
  await ask();
  await ask();
  expect(await driftsOf(stage)).toEqual([]);

  const invent = () => {
    rewriteOnce(stage, "PIDJ", "GET /contact/{id}", ({ timezone: _, ...row }) => ({
      ...row,
      tags: "hunter2",
      pet: "hunter3",
    }));
    rewriteOnce(stage, "PIDJ", "GET /surveys", (row) => ({ ...row, "+14155551234": { owner: 7 } }));
    rewriteOnce(stage, "TEXTIZEN", "GET /api/participants", (row) => ({
      ...row,
      name: 45_678,
      mood: [{ at: 1 }],
    }));
  };
  invent();
  await ask();
  const drifts = [
    "PIDJ GET /contact/{id} contact.pet new × 1",
    "PIDJ GET /contact/{id} contact.tags type × 1",
    "PIDJ GET /contact/{id} contact.timezone missing × 1",
    "PIDJ GET /surveys surveys[].* new × 1",
    "TEXTIZEN GET /api/participants [].mood new × 1",
    "TEXTIZEN GET /api/participants [].name type × 1",
  ];
  await expect.poll(() => driftsOf(stage)).toEqual(drifts);

  invent();
  await ask();
  expect(await driftsOf(stage)).toEqual(drifts);
  expect([...log.matchAll(/"msg":"(.*?)"/g)].map(([, message]) => message).sort()).toEqual([
    "Pidj's answers to GET /contact/{id} have changed: contact.pet is new",
    "Pidj's answers to GET /contact/{id} have changed: contact.tags has another type",
    "Pidj's answers to GET /contact/{id} have changed: contact.timezone is missing",
    "Pidj's answers to GET /surveys have changed: surveys[].* is new",
    "Textizen's answers to GET /api/participants have changed: [].mood is new",
    "Textizen's answers to GET /api/participants have changed: [].name has another type",
  ]);
  expect(log).not.toMatch(/hunter|4155551234|45678/);
});

test("what was seen before a restart is known after it, and a platform's error teaches nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-drift-"));
  try {
    const env = { STORE_URL: `sqlite:${join(folder, "graph.db")}`, SNAPSHOT_SECONDS: "0" };
    {
      await using stage = await startStage({ simulator: { people: 3, polls: 0 }, env });
      stage.simulator.fault({ platform: "PIDJ", route: "GET /surveys", kind: "failure-in-200", code: 404, times: 1 });
      await stage.query("{ surveys { totalCount } }");
      await stage.query("{ surveys { totalCount } }");
      await expect.poll(() => driftsOf(stage)).toEqual([]);
    }
    await using stage = await startStage({ simulator: { people: 3, polls: 0 }, env });
    rewriteOnce(stage, "PIDJ", "GET /surveys", ({ name, ...row }) => ({ ...row, title: name }));
    await stage.query("{ surveys { totalCount } }");
    await expect
      .poll(() => driftsOf(stage))
      .toEqual(["PIDJ GET /surveys surveys[].name missing × 1", "PIDJ GET /surveys surveys[].title new × 1"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function watch() {
  let now = 0;
  const reported: string[] = [];
  const kept = new Map<string, string>();
  const drift = new DriftWatch({
    kept: { read: async (call) => kept.get(call) ?? null, write: async (call, shape) => kept.set(call, shape) },
    report: ({ path, kind }) => reported.push(`${path} ${kind}`),
    now: () => now,
  });
  return {
    kept,
    wait: (milliseconds: number) => {
      now += milliseconds;
    },
    see: async (body: unknown, { route = "GET /groups", isReadable = true } = {}) => {
      drift.observe("PIDJ", route, body, { isReadable });
      await drift.idle();
      return reported.splice(0);
    },
  };
}

test("null stands for any type, an empty list for any rows, and a property of some rows only is never missing", async () => {
  const { see } = watch();
  await see({ groups: [{ a: 1, b: null }, { a: 1 }], none: [] });
  expect(await see({ groups: [{ a: 2 }], none: [{ deep: { er: 1 } }] })).toEqual([]);
  expect(await see({ groups: [], none: [] })).toEqual([]);
  expect(await see({ groups: [{ a: null, b: "text" }], none: [] })).toEqual([]);
  expect(await see({ groups: [{ a: 1, b: 7 }], none: [] })).toEqual(["groups[].b type"]);
  expect(await see({ groups: [{ b: 7 }], none: [] })).toEqual(["groups[].a missing"]);
  expect(await see({ none: [] })).toEqual(["groups missing"]);
});

test("of an answer that cannot be read, which may be anybody's, only what it lacks is reported", async () => {
  const { see, kept } = watch();
  expect(await see({ error: "somebody else" }, { isReadable: false })).toEqual([]);
  expect(kept.size).toBe(0);
  await see({ groups: [] });
  expect(await see({ error: "somebody else" }, { isReadable: false })).toEqual(["groups missing"]);
});

test("a huge or deep answer, and one whose keys people choose, are looked at in part", async () => {
  const { see, kept } = watch();
  let deep: unknown = 1;
  for (let depth = 0; depth < 10_000; depth += 1) {
    deep = { deep };
  }
  await see({ deep, rows: Array.from({ length: 100_000 }, (_, at) => ({ [`p${at}`]: at })) });
  expect([...kept.values()].join().length).toBeLessThan(5_000);
  await see({ zip: "94110" }, { route: "GET /api/participants/{id}/tokens" });
  expect(kept.size).toBe(1);
});

test("after the first fifty answers, one a second is looked at", async () => {
  const { see, wait } = watch();
  for (let at = 0; at < 50; at += 1) {
    await see({ groups: [] });
  }
  expect(await see({ groups: [], late: 1 })).toEqual([]);
  wait(1_000);
  expect(await see({ groups: [], late: 1 })).toEqual(["late new"]);
});
