import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gql } from "@apollo/client";
import { afterAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createTextgraphClient } from "../kit/client/apollo.ts";
import { InboxDocument, MessageReceivedDocument } from "../kit/client/index.ts";
import { startTextgraph } from "../kit/testing/start.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kit-documents-"));
const path = join(folder, "documents.json");

afterAll(() => rmSync(folder, { recursive: true }));

test("Apollo's client sends ids in place of texts to a server that trusts these alone, by POST and by WebSocket", async () => {
  const extract = ["src/commands/extract-documents.ts", "kit/operations", "--out", path];
  execFileSync(process.execPath, extract, { cwd: ROOT, stdio: "ignore" });
  await using graph = await startTextgraph({ people: 20, env: { TRUSTED_DOCUMENTS: path } });
  const bodies: string[] = [];
  const client = createTextgraphClient({
    url: graph.url,
    trustedDocuments: JSON.parse(readFileSync(path, "utf8")),
    webSocketImpl: WebSocket,
    fetch: (input, init) => {
      bodies.push(String(init?.body));
      return fetch(input, init);
    },
  });

  const { data } = await client.query({ query: InboxDocument });
  const text = new Promise((resolve) =>
    client
      .subscribe({ query: MessageReceivedDocument, variables: { since: data?.eventCursor ?? null } })
      .subscribe(({ data: event }) => resolve(event?.messageReceived.message.text)),
  );
  await graph.receiveText({ from: graph.phoneNumber, message: "by its id" });

  expect(await text).toBe("by its id");
  expect(bodies.map((body) => Object.keys(JSON.parse(body)).sort())).toEqual([
    ["extensions", "operationName", "variables"],
  ]);
  const foreign = client.query({ query: gql("query Foreign { eventCursor }"), fetchPolicy: "network-only" });
  expect((await foreign).error?.message).toContain("do not contain Foreign");
  client.stop();
});
