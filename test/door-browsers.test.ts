import fetch, { type RequestInit } from "node-fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newestCursor, ON_TEXT, startListening } from "./subscribers.ts";
import type { Stage } from "./support.ts";

const NAMED = "https://app.example.org";
const FRONTEND = "http://localhost:5173";
const JSON_TYPE = { "content-type": "application/json" };
const QUERY = { method: "POST", body: JSON.stringify({ query: "{ __typename }" }) };

let development: Stage;
let production: Stage;
let named: Stage;
beforeAll(async () => {
  development = await startListening();
  production = await startListening({ env: { NODE_ENV: "production" } });
  named = await startListening({ env: { NODE_ENV: "production", CORS_ORIGINS: NAMED } });
});
afterAll(async () => {
  await Promise.all([development, production, named].map((stage) => stage[Symbol.asyncDispose]()));
});

/** What a browser asks before it sends JSON from a page of another origin. */
async function preflight({ app }: Stage, origin: string) {
  const { status, headers } = await fetch(app.url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,authorization",
    },
  });
  return {
    status,
    origin: headers.get("access-control-allow-origin"),
    methods: headers.get("access-control-allow-methods"),
    headers: headers.get("access-control-allow-headers"),
    keptSeconds: headers.get("access-control-max-age"),
  };
}

async function allowedOrigin({ app }: Stage, origin: string, init: RequestInit = QUERY, query = "") {
  const response = await fetch(`${app.url}${query}`, { ...init, headers: { ...JSON_TYPE, ...init.headers, origin } });
  const allowed = response.headers.get("access-control-allow-origin");
  response.body?.on("error", () => undefined);
  (response.body as unknown as { destroy(): void }).destroy();
  return allowed;
}

describe("in development a page that this machine serves, on whatever port", () => {
  test.each([FRONTEND, "http://127.0.0.1:3000", "http://[::1]:8080", "https://localhost"])(
    "may query (%s)",
    async (origin) => {
      expect(await preflight(development, origin)).toEqual({
        status: 204,
        origin,
        methods: "GET, POST",
        headers: "content-type,authorization",
        keptSeconds: "600",
      });
      expect(await allowedOrigin(development, origin)).toBe(origin);
    },
  );

  test("may open an event stream", async () => {
    const since = await newestCursor(development);
    const query = `?query=${encodeURIComponent(ON_TEXT)}&variables=${encodeURIComponent(JSON.stringify({ since }))}`;
    const stream = { headers: { accept: "text/event-stream" } };
    expect(await allowedOrigin(development, FRONTEND, stream, query)).toBe(FRONTEND);
  });
});

describe("CORS_ORIGINS", () => {
  test("names pages that may query in production, and no others may", async () => {
    expect(await preflight(named, NAMED)).toMatchObject({ status: 204, origin: NAMED });
    expect(await allowedOrigin(named, NAMED)).toBe(NAMED);
    for (const origin of [FRONTEND, "https://app.example.org.evil.example", "http://app.example.org", "null"]) {
      expect((await preflight(named, origin)).origin).toBeNull();
      expect(await allowedOrigin(named, origin)).toBeNull();
    }
    expect((await preflight(production, NAMED)).origin).toBeNull();
  });

  test("lets them open event streams too", async () => {
    const open = async (stage: Stage) => {
      const headers = { accept: "text/event-stream", origin: NAMED };
      const response = await fetch(`${stage.app.url}?query=${encodeURIComponent("{ __typename }")}`, { headers });
      return { status: response.status, text: await response.text() };
    };
    expect(await open(named)).toMatchObject({ status: 200, text: expect.stringContaining("event: complete") });
    expect(await open(production)).toMatchObject({ status: 403, text: expect.stringContaining("CORS_ORIGINS") });
  });
});

test("a GET as urql sends it by default is told which option of the client mends it, in one sentence", async () => {
  const response = await fetch(`${development.app.url}?query=${encodeURIComponent("{ __typename }")}`, {
    headers: {
      accept:
        "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
      origin: FRONTEND,
    },
  });
  const { errors } = (await response.json()) as { errors: { message: string; extensions: object }[] };
  expect(response.status).toBe(400);
  expect(errors).toEqual([
    {
      message: expect.stringMatching(/^[^.]*preferGetMethod: false[^.]*apollo-require-preflight: true\.$/),
      extensions: { code: "BAD_USER_INPUT", retryable: false },
    },
  ]);
});
