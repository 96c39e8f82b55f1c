import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fetch from "node-fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addApiKey, removeApiKey } from "../src/access/api-keys.ts";
import type { Scope } from "../src/access/scopes.ts";
import { SECRET } from "./events.ts";
import { startIssuer } from "./issuer.ts";
import { send } from "./sends.ts";
import { forward } from "./subscribers.ts";
import { errorsAt, type Stage, startStage } from "./support.ts";

const ENTITIES = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Node { id }
    ... on Person { displayName participant { id } }
    ... on Contact { firstName }
  }
}`;
const SDL = "{ _service { sdl } }";
const WORLD = { people: 200, polls: 3, responsesPerPoll: 5 };
const NUMBER = "+12025550101";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "subgraph-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

/** A subgraph whose callers need keys, and the headers of a router and of its clients. */
async function startGuarded(env: Record<string, string> = {}) {
  files += 1;
  const path = join(folder, `keys-${files}.json`);
  const key = (name: string, ...scopes: Scope[]) =>
    addApiKey(path, { name, scopes, expires: null, callsPerMinute: null, recipientsPerMinute: null });
  const client = (name: string, ...scopes: Scope[]) => ({ authorization: `Bearer ${key(name, ...scopes)}` });
  const callers = {
    router: { "x-api-key": key("router", "router") },
    contacts: client("contacts", "contacts:read"),
    participants: client("participants", "participants:read"),
    messages: client("messages", "messages:read"),
  };
  const stage = await startStage({ simulator: WORLD, env: { SUBGRAPH: "on", API_KEYS_FILE: path, ...env } });
  const revoke = (name: string) => removeApiKey(path, name);
  return { ...callers, stage, revoke, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

describe("without authentication", () => {
  let stage: Stage;
  let ids: Record<string, string[]>;

  beforeAll(async () => {
    stage = await startStage({
      simulator: WORLD,
      env: { SUBGRAPH: "on", SNAPSHOT_SECONDS: "0", WEBHOOK_SECRET: SECRET },
    });
    await stage.learnContacts();
    ids = await idsOf(stage);
    stage.calls();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test("every type with a key is read by its id", async () => {
    expect(Object.keys(ids).sort()).toEqual([...ENTITY_TYPES].sort());
    for (const [type, [id]] of Object.entries(ids)) {
      const { data, errors } = await entities(stage, [{ __typename: type, id }]);
      expect({ type, errors, data }).toMatchObject({
        type,
        errors: undefined,
        data: { _entities: [{ __typename: type, id }] },
      });
    }
  });

  test("a person is read by a number too", async () => {
    const { data } = await entities(stage, [{ __typename: "Person", phoneNumber: NUMBER }]);

    expect(data._entities).toMatchObject([{ __typename: "Person", id: `person:${NUMBER}` }]);
  });

  test.each(["Contact", "Participant", "Poll", "PidjGroup"])(
    "100 records of %s cost the calls of nodes",
    async (type) => {
      const some = Array.from({ length: 100 }, (_, at) => ids[type]?.[at % (ids[type]?.length ?? 1)]);
      // Servers that have measured nothing yet, because what was measured decides between single reads and a list.
      await using forNodes = await startStage({ simulator: WORLD, env: { SUBGRAPH: "on" } });
      await using forEntities = await startStage({ simulator: WORLD, env: { SUBGRAPH: "on" } });

      await forNodes.query("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids: some });
      const representations = some.map((id) => ({ __typename: type, id }));
      const { data, errors } = await entities(forEntities, representations, "{ ... on Node { id } }");

      expect(errors).toBeUndefined();
      expect(data._entities.map(({ id }: { id: string }) => id)).toEqual(some);
      expect(forEntities.calls().sort()).toEqual(forNodes.calls().sort());
    },
  );

  test("100 people are joined with one list of participants", async () => {
    const people = [...stage.simulator.world.participants.values()].slice(0, 100);
    stage.calls();

    const { data } = await entities(
      stage,
      people.map(({ phone_number }) => ({ __typename: "Person", phoneNumber: `+${phone_number}` })),
      "{ ... on Person { participant { id } } }",
    );

    expect(data._entities).toHaveLength(100);
    expect(stage.calls()).toEqual(["TEXTIZEN GET /api/participants"]);
  });

  test("a bad key costs one null, with an error at its path", async () => {
    const good = { __typename: "Participant", id: ids["Participant"]?.[0] };
    const answer = await entities(stage, [
      good,
      { __typename: "Participant", id: "participant:" },
      { __typename: "Participant", id: ids["Contact"]?.[0] },
      { __typename: "PollQuestion", id: "question:3.9" },
      { __typename: "Stranger", id: "participant:1" },
      { id: "participant:1" },
      { __typename: "Person", phoneNumber: "(202) 555-0101" },
      { __typename: "Person" },
      { __typename: "constructor", id: "constructor" },
      "participant:1",
      { __typename: "Participant", id: "participant:999999" },
      good,
    ]);

    const [first, ...rest] = answer.data._entities;
    expect(first).toEqual({ __typename: "Participant", id: good.id });
    expect(rest.pop()).toEqual(first);
    expect(rest).toEqual(rest.map(() => null));
    // No record has the last id, which is no error.
    expect(errorsAt(answer)).toEqual(
      Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => [`_entities.${at}`, "BAD_USER_INPUT"])),
    );
    expect(JSON.stringify(answer.errors)).not.toMatch(/555-0101|Stranger/);
  });

  test("the price is that of the records, by their types", async () => {
    const priceOf = async (__typename: string, length: number) => {
      const asked = Array.from({ length }, (_, at) => ({
        __typename,
        id: ids[__typename]?.[at] ?? ids[__typename]?.[0],
      }));
      return (await entities(stage, asked, "{ __typename }")).extensions.cost.asked;
    };

    expect(await priceOf("Person", 100)).toEqual({ calls: 0, objects: 100 });
    expect(await priceOf("Participant", 100)).toEqual({ calls: 101, objects: 100 });
    expect(await priceOf("Contact", 10)).toEqual({ calls: 10, objects: 10 });
  });

  test("more records than an operation may cost are refused before a call is made", async () => {
    stage.calls();
    const contacts = Array.from({ length: 1_001 }, () => ({ __typename: "Contact", id: ids["Contact"]?.[0] }));
    const { errors } = await entities(stage, contacts, "{ __typename }");

    expect(errors?.[0]?.extensions["code"]).toBe("QUERY_TOO_COSTLY");
    expect(stage.calls()).toEqual([]);
  });

  test("what is composed lacks node, nodes and Node, and clients still have them", async () => {
    const { data } = await stage.query(SDL);

    expect(data._service.sdl).toContain('type Person @key(fields: "phoneNumber") @key(fields: "id")');
    expect(data._service.sdl).toContain("type PageInfo @shareable");
    expect(data._service.sdl).not.toMatch(/\bnodes?\(|\bNode\b|oncePer/);
    const id = ids["Participant"]?.[0];
    expect((await stage.query("query ($id: ID!) { node(id: $id) { id } }", { id })).data.node).toEqual({ id });
  });

  test("no answer has a trace, even if it is asked for", async () => {
    const { extensions } = await stage.query(
      "{ pidjGroups { totalCount } }",
      {},
      { "apollo-federation-include-trace": "ftv1" },
    );

    expect(Object.keys(extensions)).toEqual(["platforms", "cost"]);
  });

  test("the SDL that clients download has nothing that only a router uses", async () => {
    const sdl = await (await fetch(stage.app.url.replace("/graphql", "/schema.graphql"))).text();

    expect(sdl).toContain("nodes(");
    expect(sdl).not.toMatch(/_entities|_service|_Any|federation|@link/);
  });
});

test("a server that is no subgraph knows nothing of routers", async () => {
  await using stage = await startStage({ simulator: { people: 1 } });

  expect((await stage.query(SDL)).errors?.[0]?.extensions["code"]).toBe("GRAPHQL_VALIDATION_FAILED");
});

test("without authentication, the SDL is shown if the schema is", async () => {
  await using stage = await startStage({ simulator: { people: 1 }, env: { SUBGRAPH: "on", INTROSPECTION: "off" } });

  expect(errorsAt(await stage.query(SDL))).toEqual({ _service: "FORBIDDEN" });
});

describe("with authentication", () => {
  test("a router reads the SDL, and nothing else without its client's credential", async () => {
    await using guarded = await startGuarded({ INTROSPECTION: "off" });
    const { stage, router } = guarded;
    const personal = [...stage.simulator.world.contacts.keys()].slice(0, 1);

    expect((await stage.query(SDL, {}, router)).data._service.sdl).toContain("@key");
    const answer = await stage.query(ENTITIES, { representations: representationsOf(personal[0]) }, router);
    expect(answer.data._entities).toEqual([null, null]);
    expect(errorsAt(answer)).toEqual({ "_entities.0": "FORBIDDEN", "_entities.1": "FORBIDDEN" });
    expect(errorsAt(await stage.query("{ contacts { totalCount } }", {}, router))).toEqual({ contacts: "FORBIDDEN" });
    expect(stage.calls()).toEqual([]);
  });

  test("only a router may ask for entities and for the SDL", async () => {
    await using guarded = await startGuarded();
    const { stage, contacts } = guarded;

    for (const query of [
      SDL,
      '{ _entities(representations: [{ __typename: "Person", phoneNumber: "+12025550101" }]) { __typename } }',
    ]) {
      expect((await stage.query(query, {}, contacts)).errors?.[0]?.extensions["code"]).toBe("FORBIDDEN");
    }
    expect(stage.calls()).toEqual([]);
  });

  test("a client behind a router has its own rights", async () => {
    await using guarded = await startGuarded();
    const { stage, router, contacts, participants } = guarded;
    await stage.learnContacts();
    const [contact] = stage.simulator.world.contacts.keys();
    const representations = representationsOf(contact);
    const reads = { ...router, ...contacts };
    const cannot = { ...router, ...participants };

    expect(errorsAt(await stage.query(ENTITIES, { representations }, reads))).toEqual({
      "_entities.1.participant": "FORBIDDEN",
    });
    const refused = await stage.query(ENTITIES, { representations }, cannot);
    expect(refused.data._entities[0]).toBeNull();
    expect(refused.data._entities[1]).toMatchObject({ __typename: "Person" });
    expect(errorsAt(refused)).toEqual({ "_entities.0": "FORBIDDEN" });
    // What it is told of itself is what it would be told without the router.
    const { data } = await stage.query("{ viewer { id scopes } }", {}, reads);
    expect(data.viewer).toEqual({ id: "key:contacts", scopes: ["contacts:read"] });
  });

  test("a token is passed on as well as a key", async () => {
    await using issuer = await startIssuer();
    await using guarded = await startGuarded(issuer.env);
    const { stage, router } = guarded;
    const through = async (scope: string) => ({ ...router, authorization: `Bearer ${await issuer.sign({ scope })}` });
    const ask = async (scope: string) =>
      errorsAt(await stage.query("{ contacts(first: 0) { nodes { id } } }", {}, await through(scope)));

    expect(await ask("contacts:read")).toEqual({});
    // A token that claims the router's scope does not get it.
    expect(await ask("router")).toEqual({ contacts: "FORBIDDEN" });
    const alone = { authorization: `Bearer ${await issuer.sign({ scope: "router" })}` };
    expect((await stage.query(SDL, {}, alone)).errors?.[0]?.extensions["code"]).toBe("FORBIDDEN");
  });

  test("a router with a wrong credential of its client, or a client with two of its own, is nobody", async () => {
    await using guarded = await startGuarded();
    const { stage, router, contacts, messages } = guarded;
    const other = { "x-api-key": messages.authorization.slice("Bearer ".length) };

    for (const headers of [
      { ...router, authorization: "Bearer wrong" },
      { ...other, ...contacts },
      { "x-api-key": "wrong", ...contacts },
    ]) {
      expect(await stage.query("{ __typename }", {}, headers)).toMatchObject({ status: 401 });
    }
  });

  test("beside another credential, a router's key is refused where no router is expected", async () => {
    await using guarded = await startGuarded({ SUBGRAPH: "off" });

    const headers = { ...guarded.router, ...guarded.contacts };
    expect(await guarded.stage.query("{ __typename }", {}, headers)).toMatchObject({ status: 401 });
  });

  test("a subscription through a router ends when either credential is revoked", async () => {
    for (const revoked of ["router", "messages"]) {
      await using guarded = await startGuarded({ WEBHOOK_SECRET: SECRET });
      const { stage, router, messages } = guarded;
      const query = "subscription { messageReceived { message { text } } }";
      const stream = await fetch(stage.app.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "text/event-stream",
          ...router,
          ...messages,
        },
        body: JSON.stringify({ query }),
      });
      await forward(stage.app.url, "through");
      guarded.revoke(revoked);

      const text = await stream.text();
      expect(text).toContain("through");
      expect(text).toContain("UNAUTHENTICATED");
    }
  });

  test("a router's documents run where clients' are trusted, and a client's are not", async () => {
    const manifest = join(folder, "manifest.json");
    writeFileSync(manifest, "{}");
    await using guarded = await startGuarded({ TRUSTED_DOCUMENTS: manifest });
    const { stage, router, contacts } = guarded;
    const query = "{ contacts(first: 0) { nodes { id } } }";

    expect((await stage.query(query, {}, { ...router, ...contacts })).data).toEqual({ contacts: { nodes: [] } });
    expect((await stage.query(query, {}, contacts)).errors?.[0]?.extensions["code"]).toBe(
      "PERSISTED_QUERY_ID_REQUIRED",
    );
  });

  test("the router's scope stands alone in a key", () => {
    const path = join(folder, "mixed.json");
    const add = () =>
      addApiKey(path, {
        name: "mixed",
        scopes: ["router", "contacts:read"],
        expires: null,
        callsPerMinute: null,
        recipientsPerMinute: null,
      });

    expect(add).toThrow("the scope router stands alone");
  });
});

function representationsOf(contact: string | undefined): object[] {
  return [
    { __typename: "Contact", id: contact },
    { __typename: "Person", phoneNumber: NUMBER },
  ];
}

function entities(stage: Stage, representations: readonly unknown[], selection?: string) {
  const document =
    selection === undefined
      ? ENTITIES
      : `query ($representations: [_Any!]!) { _entities(representations: $representations) ${selection} }`;
  return stage.query(document, { representations });
}

const ENTITY_TYPES = [
  "Person",
  "Contact",
  "Participant",
  "PidjGroup",
  "TextizenGroup",
  "Series",
  "Survey",
  "PidjUser",
  "Campaign",
  "Poll",
  "PollResponse",
  "Mailing",
  "ReceivedMessage",
  "CompletedPoll",
  "OutgoingMessage",
  "Conversation",
] as const;

/** Ids of every type that has a key. */
async function idsOf({ app, query, simulator }: Stage): Promise<Record<string, string[]>> {
  await forward(app.url, "Hello");
  await send(app.url, "entity", { recipient: { phoneNumber: NUMBER } });
  const report = {
    event: "poll.completed",
    poll: { id: 3 },
    responses: [{ id: 30, response: "B", from: "14155551212" }],
  };
  await fetch(new URL(`/webhooks/textizen/${SECRET}`, app.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(report),
  });
  const { data } = await query(`{
    participants(first: 100) { nodes { id } }
    pidjGroups { nodes { id } } textizenGroups { nodes { id } } series: seriesList { nodes { id } } surveys { nodes { id } }
    campaigns { nodes { id } } polls { nodes { id responses(first: 5) { nodes { id } } mailings { id } } }
    receivedMessages { nodes { id } } completedPolls { nodes { id } }
    conversations { nodes { id messages { nodes { ... on OutgoingMessage { id } } } } }
  }`);
  const of = ({ nodes }: { readonly nodes: readonly { readonly id: string }[] }) => nodes.map(({ id }) => id);
  const polls: readonly Record<"responses" | "mailings", never>[] = data.polls.nodes;
  return {
    Person: [`person:${NUMBER}`],
    Contact: [...simulator.world.contacts.keys()],
    Participant: of(data.participants),
    PidjGroup: of(data.pidjGroups),
    TextizenGroup: of(data.textizenGroups),
    Series: of(data.series),
    Survey: of(data.surveys),
    PidjUser: [...simulator.world.pidjUsers.keys()],
    Campaign: of(data.campaigns),
    Poll: of(data.polls),
    PollResponse: polls.flatMap(({ responses }) => of(responses)),
    Mailing: polls.flatMap(({ mailings }) => of({ nodes: mailings })),
    ReceivedMessage: of(data.receivedMessages),
    CompletedPoll: of(data.completedPolls),
    Conversation: of(data.conversations),
    OutgoingMessage: data.conversations.nodes.flatMap(({ messages }: { messages: { nodes: { id?: string }[] } }) =>
      messages.nodes.flatMap(({ id }) => id ?? []),
    ),
  };
}
