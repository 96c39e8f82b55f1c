import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { numberAt } from "./jobs.ts";
import { type Stage, startStage } from "./support.ts";

const LIMIT_MS = 400;
const GRAPHQL =
  "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n";
const FILE = "POST /jobs HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\ncontent-length: 1000\r\n";

/** A connection to the server on which a request has begun. */
async function begin({ app }: Stage, head: string): Promise<Socket> {
  const socket = connect(Number(new URL(app.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(`${head}\r\n`);
  return socket;
}

test("a body that does not arrive in time is refused with 408; a file may take longer, as long as it goes on arriving", async () => {
  await using stage = await startStage({ app: { bodyMilliseconds: LIMIT_MS } });
  const [slow, file, stalled] = await Promise.all([begin(stage, GRAPHQL), begin(stage, FILE), begin(stage, FILE)]);
  const answers = [slow, file, stalled].map((socket) => text(socket));
  slow.write('{"query');
  const rows = `phone\n${numberAt(0)}\n`.padEnd(1000, "\n");
  stalled.write(rows.slice(0, 20));
  const begun = performance.now();
  for (let at = 0; at < 10; at += 1) {
    file.write(rows.slice(at * 100, (at + 1) * 100));
    await sleep(LIMIT_MS / 4);
  }
  expect(performance.now() - begun).toBeGreaterThan(2 * LIMIT_MS);
  file.end();

  const [ofSlow, ofFile, ofStalled] = await Promise.all(answers);
  expect(ofSlow).toMatch(/^HTTP\/1\.1 408 /);
  expect(ofFile).toMatch(/^HTTP\/1\.1 200 .*"rowCount":1\b/s);
  expect(ofStalled).toMatch(/^HTTP\/1\.1 408 /);
});

test("a file from somebody who may not send one is not waited for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slow-bodies-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "keys.json");
  addApiKey(path, { name: "somebody", scopes: [], expires: null, callsPerMinute: null, recipientsPerMinute: null });
  await using stage = await startStage({ env: { API_KEYS_FILE: path }, app: { bodyMilliseconds: LIMIT_MS } });
  const socket = await begin(stage, FILE);
  const drip = setInterval(() => socket.write("1"), LIMIT_MS / 8);
  const answer = await text(socket);
  clearInterval(drip);
  expect(answer).toMatch(/^HTTP\/1\.1 401 /);
});

test("requests that follow on the same connection are not held to the time of the first", async () => {
  await using stage = await startStage({ app: { bodyMilliseconds: LIMIT_MS } });
  const socket = await begin(stage, GRAPHQL);
  const query = '{"query":"{ __typename }"}'.padEnd(100);
  socket.write(query);
  await once(socket, "data");
  await sleep(2 * LIMIT_MS);
  socket.write(`${GRAPHQL}connection: close\r\n\r\n${query}`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
});
