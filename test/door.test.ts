import { printSchema } from "graphql";
import fetch, { type RequestInit } from "node-fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSchema } from "../src/operations/schema.ts";
import { FIRST_QUERY } from "../src/server/landing-page.ts";
import { INIT, RawSocket, subscribe } from "./raw-socket.ts";
import { type GraphqlError, type Stage, startStage } from "./support.ts";

const SMALL = { people: 6, polls: 1, responsesPerPoll: 2 };
const STUDIO = "https://studio.apollographql.com";
const JSON_TYPE = { "content-type": "application/json" };

let development: Stage;
let production: Stage;

beforeAll(async () => {
  development = await startStage({ simulator: SMALL, app: { exampleNumber: "+12025550143" } });
  production = await startStage({ simulator: SMALL, env: { NODE_ENV: "production" } });
});
afterAll(async () => {
  await development[Symbol.asyncDispose]();
  await production[Symbol.asyncDispose]();
});

interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly allowedOrigin: string | null;
  readonly text: string;
}

async function request(stage: Stage, path: string, init?: RequestInit): Promise<Reply> {
  const response = await fetch(new URL(path, stage.app.url), init);
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    allowedOrigin: response.headers.get("access-control-allow-origin"),
    text: await response.text(),
  };
}

function post(body: unknown, headers: Record<string, string> = JSON_TYPE): RequestInit {
  return { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) };
}

function errorsOf({ text }: Reply): GraphqlError[] {
  return JSON.parse(text).errors;
}

describe("a browser", () => {
  test.each(["/", "/graphql"])("at %s gets the explorer with a first query that runs", async (path) => {
    const { status, type, text } = await request(development, path, { headers: { accept: "text/html" } });
    expect(status).toBe(200);
    expect(type).toMatch(/^text\/html/);
    expect(text).toContain("embeddable-sandbox");
    expect(text).toContain("query PersonPage");
    expect(text).toContain("+12025550143");
  });

  test("gets a first query that the graph answers", async () => {
    const [participant] = development.simulator.world.participants.values();
    const answer = await development.query(FIRST_QUERY, { phoneNumber: `+${participant?.phone_number}` });
    expect(answer.errors).toBeUndefined();
    expect(answer.data.person.participant.id).toBe(`participant:${participant?.id}`);
  });

  test("gets no explorer in production", async () => {
    const { status, text } = await request(production, "/", { headers: { accept: "text/html" } });
    expect(status).toBe(400);
    expect(text).not.toContain("<html");
  });

  test.each(["/", "/graphql", "/?nothing=1"])("that is none, and looks at %s, is told what to send", async (path) => {
    for (const stage of [development, production]) {
      const reply = await request(stage, path, { headers: { accept: "*/*" } });
      expect(reply.status).toBe(400);
      expect(errorsOf(reply)).toEqual([
        {
          message: expect.stringContaining('POST {"query": "{ __typename }"} to /graphql'),
          extensions: { code: "BAD_USER_INPUT", retryable: false },
        },
      ]);
      expect(JSON.parse((await request(stage, "/graphql", post({ query: "{ __typename }" }))).text).data).toBeTruthy();
    }
  });

  test.each(["/graphql", "/schema.graphql", "/health"])(
    "of the explorer's own site may read %s, in development alone",
    async (path) => {
      const headers = { origin: STUDIO, "apollo-require-preflight": "yes" };
      expect((await request(development, path, { headers })).allowedOrigin).toBe(STUDIO);
      expect((await request(production, path, { headers })).allowedOrigin).toBeNull();
    },
  );

  test.each([
    "https://evil.example",
    "http://studio.apollographql.com",
    "https://studio.apollographql.com.evil.example",
    "null",
  ])("of another site (%s) may read nothing", async (origin) => {
    const preflight = { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } };
    for (const stage of [development, production]) {
      expect((await request(stage, "/graphql", preflight)).allowedOrigin).toBeNull();
      const answer = await request(stage, "/graphql", post({ query: "{ __typename }" }, { ...JSON_TYPE, origin }));
      expect(answer.allowedOrigin).toBeNull();
    }
  });

  test.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "127.0.0.1@evil.example"])(
    "led here under another name (Host: %s) is refused by all but the health checks",
    async (host) => {
      for (const path of ["/graphql", "/", "/schema.graphql", "/nowhere"]) {
        const reply = await request(development, path, { headers: { host } });
        expect(reply.status).toBe(403);
        expect(errorsOf(reply)).toMatchObject([{ extensions: { code: "FORBIDDEN", retryable: false } }]);
      }
      for (const path of ["/health", "/ready", "/ready?probe=1"]) {
        expect((await request(development, path, { headers: { host } })).status).toBe(200);
      }
      const { port } = new URL(development.app.url);
      const sent = await request(
        development,
        "/graphql",
        post({ query: "{ surveys { totalCount } }" }, { ...JSON_TYPE, host: `${host}:${port}` }),
      );
      expect(sent.status).toBe(403);
    },
  );

  test.each([
    "localhost",
    "localhost:9999",
    "LocalHost",
    "localhost.",
    "LOCALHOST.:4000",
    "127.0.0.1",
    "127.1.2.3:80",
    "[::1]:4000",
  ])("at this machine (Host: %s) is served", async (host) => {
    const reply = await request(development, "/graphql", post({ query: "{ __typename }" }, { ...JSON_TYPE, host }));
    expect(JSON.parse(reply.text).data).toEqual({ __typename: "Query" });
  });
});

describe("beside the graph", () => {
  test("/health and /ready answer in both modes", async () => {
    for (const stage of [development, production]) {
      expect(await request(stage, "/health")).toMatchObject({ status: 200, text: '{"status":"ok"}' });
      expect(await request(stage, "/ready")).toMatchObject({ status: 200, text: '{"status":"ready"}' });
    }
  });

  test("/schema.graphql is the schema that is served, and is not there in production", async () => {
    const { status, type, text } = await request(development, "/schema.graphql");
    expect({ status, type }).toEqual({ status: 200, type: "application/graphql; charset=utf-8" });
    expect(text.trimEnd()).toBe(printSchema(buildSchema()).trimEnd());
    const hidden = await request(production, "/schema.graphql");
    expect(hidden.status).toBe(404);
    expect(errorsOf(hidden)).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  });

  test.each([
    ["GET", "/nowhere"],
    ["POST", "/graphql/more"],
    ["PUT", "/health"],
  ])("%s %s is a 404 in GraphQL's shape", async (method, path) => {
    const reply = await request(development, path, { method });
    expect(reply.status).toBe(404);
    expect(errorsOf(reply)).toEqual([
      { message: expect.stringContaining("/graphql"), extensions: { code: "NOT_FOUND", retryable: false } },
    ]);
  });
});

describe("production hides", () => {
  test.each(["{ __schema { queryType { name } } }", `{ __type(name: "Poll") { name } }`])(
    "introspection: %s",
    async (document) => {
      expect((await development.query(document)).errors).toBeUndefined();
      const answer = await production.query(document);
      expect(answer.status).toBe(400);
      expect(answer.data).toBeUndefined();
    },
  );

  test("what an operation cost", async () => {
    const document = "{ surveys { totalCount } }";
    expect((await development.query(document)).extensions.platforms).toHaveLength(1);
    const answer = await production.query(document);
    expect(answer).toEqual({ status: 200, data: { surveys: { totalCount: 4 } } });
  });

  const wrong: [document: string, variables: object][] = [
    ["{ pols { totalCount } }", {}],
    ["{ polls(frist: 1) { totalCount } }", {}],
    ["{ polls(orderBy: { field: NAM, direction: ASC }) { totalCount } }", {}],
    ["query ($o: ListOrder) { polls(orderBy: $o) { totalCount } }", { o: { field: "NAM", direction: "ASC" } }],
    ["query ($f: PollFilter) { polls(filter: $f) { totalCount } }", { f: { titel: "parks" } }],
  ];
  test.each(wrong)("the names that it would suggest: %s %j", async (document, variables) => {
    expect((await development.query(document, variables)).errors?.[0]?.message).toContain("Did you mean");
    const { errors } = await production.query(document, variables);
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.message).not.toContain("Did you mean");
  });

  test.each(wrong)("nor over an event stream, a WebSocket or GET: %s %j", async (document, variables) => {
    const parameters = new URLSearchParams({ query: document, variables: JSON.stringify(variables) });
    const get = (accept: string) =>
      fetch(`${production.app.url}?${parameters}`, { headers: { accept, "apollo-require-preflight": "1" } });
    const raw = new RawSocket(production);
    await raw.send(INIT);
    await raw.seen("connection_ack");
    await raw.send(subscribe("1", document, variables));
    await expect.poll(() => raw.messages.length).toBeGreaterThan(1);
    raw.socket.terminate();
    const texts = [
      JSON.stringify(raw.messages),
      await (await get("text/event-stream")).text(),
      await (await get("application/json")).text(),
    ];
    for (const text of texts) {
      expect(text).toMatch(/BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED/);
      expect(text).not.toContain("Did you mean");
    }
  });
});
