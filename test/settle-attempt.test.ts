import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import type { Scope } from "../src/access/scopes.ts";
import type { JobId } from "../src/ids.ts";
import { createJobs, type JobRecord } from "../src/store/jobs.ts";
import { openStore } from "../src/store/open.ts";
import { createJob, hasEnded, numberAt, readJob, rowsOf, untilJob } from "./jobs.ts";
import { input, send, stateOf, TO, timesTaken, wordOf } from "./sends.ts";
import { onEachStore } from "./stores.ts";
import { ask, errorsAt, type Stage, startStage } from "./support.ts";

const LIST = `query ($first: Int, $after: String, $last: Int, $before: String, $withText: Boolean! = true) {
  unknownAttempts(first: $first, after: $after, last: $last, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    nodes {
      idempotencyKey mutation state startedAt calledBy
      outgoingMessage @include(if: $withText) { id text toPhoneNumber state }
      jobRow @include(if: $withText) { number recipient }
    }
  }
}`;
const SETTLE = `mutation ($input: SettleAttemptInput!) {
  settleAttempt(input: $input) {
    attempt { idempotencyKey state message outgoingMessage { id state message } jobRow { number state } }
    userErrors { code field message }
  }
}`;

function loseAnswers(stage: Stage, times: number): void {
  stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "cut-body", times });
}

async function unknownOf({ app }: Stage, variables: object = {}) {
  const answer = await ask(app.url, LIST, variables);
  expect(errorsAt(answer)).toEqual({});
  return answer.data.unknownAttempts;
}

async function settle({ app }: Stage, attempt: { readonly idempotencyKey: string }, outcome: string) {
  const { idempotencyKey, startedAt } = attempt as { idempotencyKey: string; startedAt: string };
  const answer = await ask(app.url, SETTLE, { input: { attemptKey: idempotencyKey, startedAt, outcome } });
  expect(errorsAt(answer)).toEqual({});
  return answer.data.settleAttempt;
}

const keysOf = ({ nodes }: { readonly nodes: readonly { readonly idempotencyKey: string }[] }) =>
  nodes.map(({ idempotencyKey }) => idempotencyKey);

onEachStore((make) => {
  test("what is unknown is listed newest first, and a person's word is final, said once or twice", async () => {
    await using place = await make();
    let time = Date.now();
    await using stage = await startStage({
      simulator: { people: 4 },
      env: { STORE_URL: place.url },
      app: { now: () => new Date(time) },
    });
    loseAnswers(stage, 3);
    for (const key of ["one", "two", "three"]) {
      time += 1_000;
      await send(stage.app.url, key);
    }
    stage.calls();
    const all = await unknownOf(stage);
    expect(keysOf(all)).toEqual(["three", "two", "one"]);
    expect(all).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: false, hasPreviousPage: false } });
    expect(all.nodes[2]).toMatchObject({
      mutation: "sendMessage",
      state: "UNKNOWN",
      calledBy: "anonymous",
      outgoingMessage: { text: input("one").text, toPhoneNumber: TO, state: "UNKNOWN" },
      jobRow: null,
    });
    const first = await unknownOf(stage, { first: 2 });
    expect([keysOf(first), first.pageInfo.hasNextPage]).toEqual([["three", "two"], true]);
    const rest = await unknownOf(stage, { first: 2, after: first.pageInfo.endCursor });
    expect([keysOf(rest), rest.pageInfo.hasNextPage]).toEqual([["one"], false]);
    const back = await unknownOf(stage, { last: 1, before: rest.pageInfo.startCursor });
    expect([keysOf(back), back.pageInfo.hasPreviousPage]).toEqual([["two"], true]);
    expect(errorsAt(await ask(stage.app.url, LIST, { after: "x" }))).toEqual({ unknownAttempts: "BAD_USER_INPUT" });

    const [, two, one] = all.nodes;
    const message = "Settled by an operator of this server.";
    const settled = { idempotencyKey: "one", state: "ACCEPTED", message, jobRow: null };
    const outgoingMessage = { id: one.outgoingMessage.id, state: "ACCEPTED", message };
    expect(await settle(stage, one, "SENT")).toEqual({ attempt: { ...settled, outgoingMessage }, userErrors: [] });
    expect(await settle(stage, one, "SENT")).toEqual({
      attempt: { ...settled, outgoingMessage: null },
      userErrors: [],
    });
    expect(await settle(stage, one, "NOT_SENT")).toMatchObject({
      attempt: null,
      userErrors: [
        { code: "ATTEMPT_SETTLED", field: ["input", "attemptKey"], message: expect.stringMatching(/was sent\.$/) },
      ],
    });
    expect(await settle(stage, { ...two, idempotencyKey: "none" }, "SENT")).toMatchObject({
      userErrors: [{ code: "NOT_FOUND" }],
    });

    time += 1_000;
    expect(await settle(stage, two, "NOT_SENT")).toMatchObject({ attempt: { state: "REFUSED" }, userErrors: [] });
    expect(keysOf(await unknownOf(stage))).toEqual(["three"]);
    expect(stage.calls()).toEqual([]);
    loseAnswers(stage, 1);
    time += 1_000;
    expect(wordOf(await send(stage.app.url, "one"))).toBe("replayed");
    expect(wordOf(await send(stage.app.url, "two"))).toBe("OUTCOME_UNKNOWN");
    expect([timesTaken(stage.simulator.ledger, "one"), timesTaken(stage.simulator.ledger, "two")]).toEqual([1, 2]);
    // The word on the first try arrives again, late: it must not free the key of the second.
    expect(await settle(stage, two, "NOT_SENT")).toMatchObject({ userErrors: [{ code: "NOT_FOUND" }] });
    expect(await stateOf(stage.app.url, "two")).toBe("UNKNOWN");
    expect(keysOf(await unknownOf(stage))).toEqual(["two", "three"]);

    const { audit } = stage.app.services;
    const entries = await Array.fromAsync(audit.entries());
    const decisions = entries.filter(({ mutation }) => mutation === "settleAttempt");
    expect(decisions.map(({ caller, outcome, keyHash }) => [caller, outcome, keyHash])).toEqual([
      ["anonymous", "ACCEPTED", await audit.hashOf("one")],
      ["anonymous", "REFUSED", await audit.hashOf("two")],
    ]);
  });

  test("what a killed server left is listed within a minute", async () => {
    await using place = await make();
    let time = Date.now();
    await using stage = await startStage({ env: { STORE_URL: place.url }, app: { now: () => new Date(time) } });
    const claim = {
      mutation: "createMailing",
      fingerprint: "f",
      caller: "key:gone",
      leaseMilliseconds: 1_000,
      outcomeIfConfirmed: "null",
    };
    const { attempts } = stage.app.services;
    await attempts.begin({ ...claim, key: "left" });
    expect(keysOf(await unknownOf(stage))).toEqual([]);
    time += 61_000;
    const { nodes } = await unknownOf(stage);
    expect(nodes).toMatchObject([{ idempotencyKey: "left", calledBy: "key:gone", outgoingMessage: null }]);
    expect(await settle(stage, nodes[0], "SENT")).toMatchObject({ attempt: { state: "ACCEPTED" } });
    expect((await unknownOf(stage)).totalCount).toBe(0);
  });

  test("rows, counts and file of a job show what was decided on its texts", async () => {
    await using place = await make();
    await using stage = await startStage({ env: { STORE_URL: place.url } });
    loseAnswers(stage, 2);
    const { id } = (await createJob(stage.app.url, { recipients: { rows: rowsOf(2) } })).data.createSendJob.job;
    const before = await untilJob(stage.app.url, id, hasEnded);
    expect(before.counts).toMatchObject({ accepted: 0, refused: 0, unknown: 2 });

    const unknown = (await unknownOf(stage)).nodes;
    for (const attempt of unknown) {
      const { number, recipient } = attempt.jobRow;
      expect(recipient).toBe(numberAt(number - 1));
      const payload = await settle(stage, attempt, number === 1 ? "SENT" : "NOT_SENT");
      expect(payload.attempt?.jobRow).toEqual({ number, state: number === 1 ? "ACCEPTED" : "REFUSED" });
    }

    const message = "Settled by an operator of this server.";
    const job = await readJob(stage.app.url, id);
    expect(job).toMatchObject({ state: "COMPLETED", counts: { total: 2, accepted: 1, refused: 1, unknown: 0 } });
    expect(job.rows.nodes).toMatchObject([
      { state: "ACCEPTED", code: null, message },
      { state: "REFUSED", code: "ATTEMPT_SETTLED", message },
    ]);
    const file = await (await fetch(new URL(`/jobs/${id}/results.csv`, stage.app.url))).text();
    const cells = file.split("\r\n").map((line) => line.split(",").slice(2, 5));
    expect(cells.slice(1, 3)).toEqual([
      ["ACCEPTED", "", message],
      ["REFUSED", "ATTEMPT_SETTLED", message],
    ]);
    expect(unknown).toHaveLength(2);
  });

  test("a row shows a decision that was quicker than the row, and of an import into groups all its attempts", async () => {
    await using place = await make();
    await using stage = await startStage({ env: { STORE_URL: place.url } });
    const { attempts, jobs, now } = stage.app.services;
    const at = now().getTime();
    const set = await jobs.rows.create(at);
    await jobs.rows.write(
      set,
      [1, 2, 3, 4].map((number) => ({ number, to: numberAt(number), values: {} })),
    );
    const record: JobRecord = {
      id: "job:by-hand" as JobId,
      name: null,
      kind: "IMPORT_PARTICIPANTS",
      fingerprint: "f",
      set,
      createdAt: at,
      caller: { id: "key:console", isAnonymous: false, recipientsPerMinute: null },
      send: null,
      groupIds: ["group:1", "group:2"],
      namesContacts: false,
      state: "CANCELLED",
      waits: null,
      endedAt: at,
      counts: { total: 4, waiting: 4, accepted: 0, refused: 0, unknown: 0 },
      next: 5,
      claim: null,
    };
    const { id } = (await jobs.create(record)).job;
    const leave = async (key: string, state: "ACCEPTED" | "UNKNOWN") => {
      const claim = { mutation: "m", fingerprint: "f", caller: "c", leaseMilliseconds: 9_000, outcomeIfConfirmed: "1" };
      const begun = await attempts.begin({ ...claim, key });
      const handle = begun.kind === "started" ? begun.handle : null;
      expect(handle && (await attempts.settle(handle, { state, message: null, outcome: "1" }))).toBeNull();
    };
    const decide = (key: string, state: "ACCEPTED" | "REFUSED") => attempts.resolve(key, { state, by: "key:ops" });
    const lost = { state: "UNKNOWN", code: "OUTCOME_UNKNOWN", message: "lost", at } as const;
    const outcomes = async () =>
      (await jobs.rows.get(set, [1, 2, 3, 4])).map((row) => [row?.outcome?.state, row?.outcome?.message]);
    const settleRow = (number: number) =>
      jobs.settle(id, {
        claimId: "none",
        waits: null,
        results: [{ number, outcome: lost }],
      });

    // Row 1: the decision comes first, then the word of the process that carried it out.
    for (const suffix of ["", ":group:1"]) {
      await leave(`${id}:1${suffix}`, "ACCEPTED");
    }
    await leave(`${id}:1:group:2`, "UNKNOWN");
    await decide(`${id}:1:group:2`, "ACCEPTED");
    await settleRow(1);
    // Row 2: two of its groups are unknown, and decided one after the other.
    await leave(`${id}:2`, "ACCEPTED");
    await leave(`${id}:2:group:1`, "UNKNOWN");
    await leave(`${id}:2:group:2`, "UNKNOWN");
    await settleRow(2);
    await decide(`${id}:2:group:1`, "REFUSED");
    expect((await outcomes())[1]).toEqual(["UNKNOWN", "lost"]);
    await decide(`${id}:2:group:2`, "ACCEPTED");
    // Row 3: nobody knows whether the record was created, and so it was put into no group.
    await leave(`${id}:3`, "UNKNOWN");
    await settleRow(3);
    await decide(`${id}:3`, "REFUSED");
    // Row 4: the decision and the process's word are written at the same moment.
    await leave(`${id}:4`, "UNKNOWN");
    const store = await openStore(place.url, "default");
    let decided: Promise<unknown> | null = null;
    const commit: typeof store.commit = async (...args) => {
      decided ??= decide(`${id}:4`, "REFUSED");
      await decided;
      return store.commit(...args);
    };
    const racing = createJobs({ ...store, commit }, { now, keptMilliseconds: 1e12, lookMilliseconds: 1e6 });
    await racing.settle(id, { claimId: "none", waits: null, results: [{ number: 4, outcome: lost }] });
    await store.close();

    const said = "Settled by an operator of this server.";
    const missing = "Created, and not known to be in group:1: look there, and put it in if it is missing.";
    expect(await outcomes()).toEqual([
      ["ACCEPTED", said],
      ["REFUSED", missing],
      ["REFUSED", said],
      ["REFUSED", said],
    ]);
    expect((await jobs.find(id))?.counts).toEqual({ total: 4, waiting: 0, accepted: 1, refused: 3, unknown: 0 });
  });
});

test("a key lists with one scope, settles with another, and sees texts and rows with a third", async () => {
  const folder = mkdtempSync(join(tmpdir(), "settle-"));
  try {
    const path = join(folder, "keys.json");
    const keyOf = (name: string, scopes: readonly Scope[]) => ({
      "x-api-key": addApiKey(path, { name, scopes, expires: null, callsPerMinute: null, recipientsPerMinute: null }),
    });
    const reader = keyOf("reader", ["attempts:read"]);
    const clerk = keyOf("clerk", ["messages:send", "messages:read"]);
    const operator = keyOf("operator", ["attempts:read", "attempts:write", "messages:read"]);
    await using stage = await startStage({ env: { API_KEYS_FILE: path } });
    loseAnswers(stage, 1);
    const SEND = "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { code } } }";
    await ask(stage.app.url, SEND, { input: input("k") }, clerk);

    const listed = await ask(stage.app.url, LIST, { withText: false }, reader);
    expect(listed.data.unknownAttempts.nodes).toMatchObject([{ idempotencyKey: "k", calledBy: "key:clerk" }]);
    expect(Object.values(errorsAt(await ask(stage.app.url, LIST, {}, reader)))).toContain("FORBIDDEN");
    expect(errorsAt(await ask(stage.app.url, LIST, {}, clerk))).toEqual({ unknownAttempts: "FORBIDDEN" });
    const [{ startedAt }] = listed.data.unknownAttempts.nodes;
    const decision = { input: { attemptKey: "k", startedAt, outcome: "SENT" } };
    for (const key of [reader, clerk]) {
      expect(errorsAt(await ask(stage.app.url, SETTLE, decision, key))).toEqual({ settleAttempt: "FORBIDDEN" });
    }
    const settled = await ask(stage.app.url, SETTLE, decision, operator);
    expect(settled.data.settleAttempt.attempt).toMatchObject({
      state: "ACCEPTED",
      outgoingMessage: { state: "ACCEPTED" },
    });
    const entries = await Array.fromAsync(stage.app.services.audit.entries());
    expect(entries.at(-1)).toMatchObject({ caller: "key:operator", mutation: "settleAttempt", outcome: "ACCEPTED" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
