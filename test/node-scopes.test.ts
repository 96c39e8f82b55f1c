import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isInterfaceType } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { SCOPES, type Scope } from "../src/access/scopes.ts";
import { buildSchema } from "../src/operations/schema.ts";
import { errorsAt, type Stage, startStage } from "./support.ts";

/** An id of each type that `node` finds, of no record, and the scopes of which one is enough. Written by hand. */
const NODES: Readonly<Record<string, readonly [id: string, ...anyOf: Scope[]]>> = {
  Campaign: ["campaign:1", "campaigns:read"],
  CompletedPoll: ["completed-poll:0190a.3f", "polls:read"],
  Conversation: ["conversation:+12015550123", "messages:read"],
  Contact: ["co:11111111-1111", "contacts:read"],
  Job: ["job:0190a", "messages:read"],
  Mailing: ["mailing:1", "mailings:read"],
  OutgoingMessage: ["sent:0190a.3f", "messages:read"],
  Participant: ["participant:1", "participants:read"],
  Person: ["person:+12015550123", "contacts:read", "participants:read"],
  PidjGroup: ["gr:11111111-1111", "groups:read"],
  PidjUser: ["us:11111111-1111", "users:admin"],
  Poll: ["poll:1", "polls:read"],
  PollResponse: ["response:1", "polls:read"],
  ReceivedMessage: ["message:0190a.3f", "messages:read"],
  Series: ["ts:11111111-1111", "series:read"],
  Survey: ["sv:11111111-1111", "surveys:read"],
  TextizenGroup: ["group:1", "groups:read"],
};

let folder: string;
let stage: Stage;
const keys = new Map<string, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "node-scopes-"));
  const path = join(folder, "keys.json");
  const limits = { expires: null, callsPerMinute: null, recipientsPerMinute: null };
  for (const scope of SCOPES) {
    keys.set(scope, addApiKey(path, { name: scope.replace(":", "."), scopes: [scope], ...limits }));
  }
  stage = await startStage({ simulator: { people: 20 }, env: { API_KEYS_FILE: path } });
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test("the table names every type that node finds", () => {
  const schema = buildSchema();
  const node = schema.getType("Node");
  const types = isInterfaceType(node) ? schema.getPossibleTypes(node) : [];

  expect(types.map(({ name }) => name).sort()).toEqual(Object.keys(NODES).sort());
});

test.each(SCOPES)("a key with %s finds by node and nodes what that says, and calls nothing else", async (scope) => {
  const rows = Object.entries(NODES);
  const forbidden = rows.filter(([, [, ...anyOf]]) => !anyOf.includes(scope));
  const ask = (those: typeof rows) => {
    const singles = those.map(([type, [id]]) => `${type}: node(id: "${id}") { __typename }`);
    const ids = JSON.stringify(those.map(([, [id]]) => id));
    return stage.query(
      `{ ${singles.join(" ")} nodes(ids: ${ids}) { __typename } }`,
      {},
      { "x-api-key": keys.get(scope) ?? "" },
    );
  };
  stage.calls();

  expect(errorsAt(await ask(forbidden))).toEqual(
    Object.fromEntries(forbidden.flatMap(([type], at) => [type, `nodes.${at}`]).map((path) => [path, "FORBIDDEN"])),
  );
  expect(stage.calls()).toEqual([]);
  const allowed = await ask(rows.filter((row) => !forbidden.includes(row)));
  expect(Object.values(errorsAt(allowed))).not.toContain("FORBIDDEN");
});

test("node needs the type's scope, even for its name alone, and one forbidden id costs its own place only", async () => {
  const { contacts, participants } = stage.simulator.world;
  const [contact, participant] = [[...contacts.keys()][0], [...participants.keys()][0]];
  const ids = [contact, `participant:${participant}`, "person:+12015550123"];
  stage.calls();

  const answer = await stage.query(
    "query ($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { __typename id } node(id: $id) { __typename } }",
    { ids, id: contact },
    { "x-api-key": keys.get("participants:read") ?? "" },
  );

  expect(answer.data.nodes).toEqual([
    null,
    { __typename: "Participant", id: `participant:${participant}` },
    { __typename: "Person", id: "person:+12015550123" },
  ]);
  expect(errorsAt(answer)).toEqual({ node: "FORBIDDEN", "nodes.0": "FORBIDDEN" });
  expect(stage.calls().filter((call) => call.startsWith("PIDJ"))).toEqual([]);
});
