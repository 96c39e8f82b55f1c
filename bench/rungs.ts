import { createServer } from "node:http";
import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import fastifyApollo, { fastifyApolloDrainPlugin } from "@as-integrations/fastify";
import DataLoader from "dataloader";
import fastify from "fastify";
import { buildSchema, type DocumentNode, execute, type GraphQLSchema, parse } from "graphql";
import { Pool } from "undici";
import { RUNGS } from "./servers.ts";
import type { Campaign, Contact, Participant } from "./world.ts";

// What Node.js can do: a server that makes the same calls as ours and writes the same answer, and nothing else. Each
// rung adds one thing that nobody would give up to the one before, so that the difference of two rungs is its price.
//
//   node bench/rungs.ts RUNG PORT PLATFORM_PORT

type Rung = (typeof RUNGS)[number];

const LIST_MS = 30_000;
const BASIC = `Basic ${Buffer.from("account:token").toString("base64")}`;
const BODY = JSON.stringify({ auth_token: "bench" });
const TIMEOUT_MS = 3_000;

/** The three calls of a person, and the list. */
interface Reads {
  readonly contact: (id: string) => Promise<Contact>;
  readonly participant: (id: string) => Promise<Detail>;
  readonly campaign: (id: number) => Promise<Campaign>;
  readonly participants: () => Promise<readonly Participant[]>;
}

type Detail = Participant & { readonly campaign_id: number };

interface Asked {
  readonly query: string;
  readonly variables?: { readonly contact?: string; readonly participant?: string };
}

type Answering = (asked: Asked) => Promise<object>;

type Fetched = <Value>(path: string, isPidj: boolean) => Promise<Value>;

function createFetched(platformPort: string, isTimed: boolean): Fetched {
  const pool = new Pool(`http://127.0.0.1:${platformPort}`, { connections: 64, pipelining: 1 });
  const pidj = ["accept", "application/json", "authorization", BASIC];
  const textizen = ["accept", "application/json", "content-type", "application/json"];

  async function ask(path: string, isPidj: boolean, signal: AbortSignal | null) {
    const request = isPidj ? { headers: pidj } : { headers: textizen, body: BODY };
    const { body } = await pool.request({ method: "GET", path, reset: false, signal, ...request });
    return body.json();
  }

  return async (path, isPidj) => {
    if (!isTimed) {
      return ask(path, isPidj, null) as Promise<never>;
    }
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
    try {
      return (await ask(path, isPidj, controller.signal)) as never;
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Equal reads that are under way at the same time are one call. */
function shared(fetched: Fetched): Fetched {
  const underWay = new Map<string, Promise<unknown>>();
  return (path, isPidj) => {
    let reading = underWay.get(path);
    if (reading === undefined) {
      reading = fetched(path, isPidj).finally(() => underWay.delete(path));
      underWay.set(path, reading);
    }
    return reading as Promise<never>;
  };
}

function createReads(fetched: Fetched): Reads {
  let list: { readonly rows: Promise<readonly Participant[]>; readonly until: number } | null = null;
  return {
    contact: async (id) =>
      (await fetched<{ contact: Contact }>(`/pidj/contact/${encodeURIComponent(id)}`, true)).contact,
    participant: (id) => fetched(`/textizen/api/participants/${id.replace("participant:", "")}`, false),
    campaign: (id) => fetched(`/textizen/api/campaigns/${id}`, false),
    participants: () => {
      if (list === null || performance.now() > list.until) {
        list = { rows: fetched("/textizen/api/participants", false), until: performance.now() + LIST_MS };
      }
      return list.rows;
    },
  };
}

function batched(reads: Reads): Reads {
  const loader = <Key, Value>(read: (key: Key) => Promise<Value>) =>
    new DataLoader((keys: readonly Key[]) => Promise.all(keys.map(read)));
  const [contacts, participants, campaigns] = [
    loader(reads.contact),
    loader(reads.participant),
    loader(reads.campaign),
  ];
  return {
    contact: (id) => contacts.load(id),
    participant: (id) => participants.load(id),
    campaign: (id) => campaigns.load(id),
    participants: reads.participants,
  };
}

const shapeContact = (contact: Contact) => ({
  firstName: contact.first_name,
  lastName: contact.last_name,
  emailAddress: contact.email_address,
  displayPhoneNumber: contact.phone_number,
});
const shapeRow = ({ id, name, phone_number }: Participant) => ({ id, name, displayPhoneNumber: phone_number });

/** Without GraphQL: what is asked is told by the variables. */
function answerByHand(reads: Reads): Answering {
  async function participant(id: string) {
    const row = await reads.participant(id);
    const { id: campaignId, title, description } = await reads.campaign(row.campaign_id);
    return { ...shapeRow(row), campaign: { id: campaignId, title, description } };
  }
  return async ({ variables = {} }) => {
    if (variables.participant === undefined) {
      return { data: { participants: { nodes: (await reads.participants()).slice(0, 20).map(shapeRow) } } };
    }
    if (variables.contact === undefined) {
      return { data: { participant: shapeRow(await reads.participant(variables.participant)) } };
    }
    const [contact, row] = await Promise.all([
      reads.contact(variables.contact).then(shapeContact),
      participant(variables.participant),
    ]);
    return { data: { contact, participant: row } };
  };
}

function createSchema(): GraphQLSchema {
  const schema = buildSchema(`
    type Query { contact(id: ID!): Contact participant(id: ID!): Participant participants(first: Int): Participants }
    type Contact { firstName: String lastName: String emailAddress: String displayPhoneNumber: String }
    type Participant { id: ID! name: String displayPhoneNumber: String campaign: Campaign }
    type Participants { nodes: [Participant!]! }
    type Campaign { id: ID! title: String description: String }`);
  const field = (type: "Query" | "Participant", name: string) =>
    (schema.getType(type) as NonNullable<ReturnType<GraphQLSchema["getQueryType"]>>).getFields()[name];
  const resolve = (
    type: "Query" | "Participant",
    name: string,
    by: (source: never, args: never, reads: Reads) => unknown,
  ) => Object.assign(field(type, name) ?? {}, { resolve: by });
  resolve("Query", "contact", (_source, { id }: { id: string }, reads) => reads.contact(id).then(shapeContact));
  resolve("Query", "participant", async (_source, { id }: { id: string }, reads) => {
    const row = await reads.participant(id);
    return { ...shapeRow(row), campaign_id: row.campaign_id };
  });
  resolve("Query", "participants", async (_source, { first }: { first: number }, reads) => ({
    nodes: (await reads.participants()).slice(0, first).map(shapeRow),
  }));
  resolve("Participant", "campaign", ({ campaign_id }: Detail, _args, reads) => reads.campaign(campaign_id));
  return schema;
}

function answerByGraphql(createContext: () => Reads): Answering {
  const schema = createSchema();
  const documents = new Map<string, DocumentNode>();
  return async ({ query, variables }) => {
    const document = documents.get(query) ?? parse(query);
    documents.set(query, document);
    return execute({ schema, document, variableValues: variables ?? {}, contextValue: createContext() });
  };
}

/** Answers a body again as it was answered first. */
function remembered(answer: Answering): (body: string) => Promise<string> | string {
  const lines = new Map<string, string>();
  return (body) =>
    lines.get(body) ??
    answer(JSON.parse(body)).then((result) => {
      const line = JSON.stringify(result);
      lines.set(body, line);
      return line;
    });
}

function listenBare(port: number, answer: (body: string) => Promise<string> | string): void {
  createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (piece: string) => {
      text += piece;
    });
    request.on("end", async () => {
      const line = await answer(text);
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(line) });
      response.end(line);
    });
  }).listen(port, "127.0.0.1");
}

async function listenFastify(port: number, answer: Answering): Promise<void> {
  const http = fastify();
  http.post("/graphql", async (request) => answer(request.body as Asked));
  await http.listen({ port, host: "127.0.0.1" });
}

async function listenFastifyMemory(port: number, answer: (body: string) => Promise<string> | string): Promise<void> {
  const http = fastify();
  http.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => done(null, body));
  http.post("/graphql", async (request, reply) => {
    reply.header("content-type", "application/json");
    return answer(request.body as string);
  });
  await http.listen({ port, host: "127.0.0.1" });
}

async function listenApollo(port: number, createContext: () => Reads): Promise<void> {
  const http = fastify();
  const apollo = new ApolloServer<Reads>({
    schema: createSchema(),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(http),
    ],
  });
  await apollo.start();
  await http.register(fastifyApollo(apollo), { context: async () => createContext() });
  await http.listen({ port, host: "127.0.0.1" });
}

/** These are not of the ladder: they have nothing of the rungs before them. */
const APART: readonly Rung[] = ["apollo", "memory", "fastify-memory"];

async function start(rung: Rung, port: number, platformPort: string): Promise<void> {
  const has = (other: Rung) => !APART.includes(rung) && RUNGS.indexOf(rung) >= RUNGS.indexOf(other);
  const fetched = createFetched(platformPort, has("timed"));
  const reads = createReads(has("shared") ? shared(fetched) : fetched);
  const createContext = () => (has("dataloader") || rung === "apollo" ? batched(reads) : reads);
  const byHand = answerByHand(reads);
  switch (rung) {
    case "bare":
      return listenBare(port, async (body) => JSON.stringify(await byHand(JSON.parse(body))));
    case "memory":
      return listenBare(port, remembered(byHand));
    case "fastify-memory":
      return listenFastifyMemory(port, remembered(byHand));
    case "apollo":
      return listenApollo(port, createContext);
    default:
      return listenFastify(port, has("graphql-js") ? answerByGraphql(createContext) : byHand);
  }
}

const [rung, port, platformPort] = process.argv.slice(2);
await start(rung as Rung, Number(port), String(platformPort));
