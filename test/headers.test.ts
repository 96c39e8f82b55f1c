import { connect } from "node:net";
import fetch from "node-fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { SECRET } from "./events.ts";
import { startListening } from "./subscribers.ts";
import type { Stage } from "./support.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startListening();
});
afterAll(() => stage[Symbol.asyncDispose]());

const QUERY = JSON.stringify({ query: "{ __typename }" });
const JSON_TYPE = { "content-type": "application/json" };

function at(path: string, { app }: Stage = stage): URL {
  return new URL(path, app.url);
}

describe("every answer", () => {
  const paths: [path: string, init: object][] = [
    ["/graphql", { method: "POST", headers: JSON_TYPE, body: QUERY }],
    ["/graphql", { method: "POST", headers: JSON_TYPE, body: "{" }],
    ["/graphql", { method: "PUT" }],
    ["/graphql?query=%7B__typename%7D", { headers: { accept: "text/event-stream" } }],
    ["/schema.graphql", {}],
    ["/nothing", {}],
    ["/%zz", {}],
    ["/health", {}],
    [`/webhooks/pidj/${SECRET}`, { method: "POST", body: "x" }],
    ["/graphql", { method: "POST", headers: { ...JSON_TYPE, host: "evil.example" }, body: QUERY }],
  ];
  test.each(paths)("of %s %j is kept nowhere, and its type is not guessed", async (path, init) => {
    const { headers } = await fetch(at(path), init);
    expect(headers.get("cache-control")).toMatch(/^no-store/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    if (path !== "/%zz") {
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
      );
    }
    expect(headers.get("strict-transport-security")).toBeNull();
    expect(headers.get("x-powered-by")).toBeNull();
  });
});

test("the explorer's page may run its own scripts and Apollo's, connect to this server, and be framed by nobody", async () => {
  const page = await fetch(at("/"), { headers: { accept: "text/html" } });
  const html = await page.text();
  const policy = new Map(
    (page.headers.get("content-security-policy") ?? "").split("; ").map((each) => {
      const [name = "", ...sources] = each.split(" ");
      return [name, sources] as const;
    }),
  );

  const nonces = new Set(Array.from(html.matchAll(/nonce="?([0-9a-f]+)/g), ([, nonce]) => nonce));
  expect(nonces.size).toBe(1);
  const [nonce] = nonces;
  expect(policy.get("script-src")).toContain(`'nonce-${nonce}'`);
  expect(policy.get("style-src")).toContain(`'nonce-${nonce}'`);
  expect(policy.get("script-src")?.join(" ")).not.toMatch(/unsafe|\*(?!\.apollographql\.com)/);
  expect(policy.get("connect-src")).toEqual(["'self'", `ws://${at("/").host}`, `wss://${at("/").host}`]);
  expect(policy.get("frame-ancestors")).toEqual(["'none'"]);

  // Whatever the page loads, the policy allows.
  const loaded = Array.from(html.matchAll(/<(script|link)[^>]+(?:src|href)="(https:[^"]+)"[^>]*>/g));
  expect(loaded.length).toBeGreaterThan(3);
  const allows = (directive: string, url: string) =>
    (policy.get(directive) ?? []).some((source) => {
      const { host } = new URL(url);
      return source === `https://${host}` || (source.startsWith("https://*.") && host.endsWith(source.slice(9)));
    });
  for (const [tag, , url = ""] of loaded) {
    const directive = tag.startsWith("<script")
      ? "script-src"
      : /rel="stylesheet"/.test(tag)
        ? "style-src"
        : /rel="manifest"/.test(tag)
          ? "manifest-src"
          : /rel="preconnect"/.test(tag)
            ? "font-src"
            : "img-src";
    expect({ url, isAllowed: allows(directive, url) }).toEqual({ url, isAllowed: true });
  }
  expect(allows("frame-src", "https://sandbox.embed.apollographql.com/sandbox/explorer")).toBe(true);
});

describe("HSTS is sent", () => {
  const hsts = async ({ app }: Stage, headers: Record<string, string> = {}) =>
    (await fetch(new URL("/health", app.url), { headers })).headers.get("strict-transport-security");

  test("if PUBLIC_URL is https", async () => {
    await using behind = await startListening({ env: { PUBLIC_URL: "https://texts.example.org" } });
    expect(await hsts(behind)).toBe("max-age=63072000; includeSubDomains");
  });

  test("if a trusted proxy says https, and on no other's word", async () => {
    await using behind = await startListening({ env: { TRUST_PROXY: "127.0.0.1" } });
    expect(await hsts(behind, { "x-forwarded-proto": "https" })).toBe("max-age=63072000; includeSubDomains");
    expect(await hsts(behind)).toBeNull();
    expect(await hsts(stage, { "x-forwarded-proto": "https" })).toBeNull();
  });
});

/** What the server answers to these bytes. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(at("/").port), "127.0.0.1");
    const timer = setTimeout(() => socket.destroy(), 3_000);
    let text = "";
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    // The server closes before it has read everything.
    socket.on("error", () => undefined);
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(text);
    });
    socket.write(bytes);
  });
}

describe("what never becomes a request is refused in GraphQL's shape", () => {
  const head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
  const cases: [what: string, bytes: string, status: number][] = [
    ["no HTTP", "canary-1415 canary\r\n\r\n", 400],
    ["a header that is none", `${head}canary\r\n\r\n`, 400],
    ["a header with a NUL", `${head}x: a\0canary\r\n\r\n`, 400],
    ["two lengths", `${head}content-length: 1\r\ncontent-length: 2\r\n\r\n`, 400],
    ["a method that does not exist", "CANARY /graphql HTTP/1.1\r\nhost: localhost\r\n\r\n", 400],
    ["no Host", "GET /graphql HTTP/1.1\r\nconnection: close\r\n\r\n", 400],
    ["headers of 200 kB", `${head}x: ${"canary".repeat(33_000)}\r\n\r\n`, 431],
    ["a URL of 200 kB", `GET /graphql?query=${"canary".repeat(33_000)} HTTP/1.1\r\n\r\n`, 431],
    ["an expectation", `${head}expect: canary\r\n\r\n`, 417],
    ["malformed JSON", `${head}content-type: application/json\r\ncontent-length: 7\r\n\r\n{canary`, 400],
    ["another type", `${head}content-type: x/canary\r\ncontent-length: 6\r\n\r\ncanary`, 415],
    ["a length that is none", `${head}content-type: application/json\r\ncontent-length: canary\r\n\r\n`, 400],
    ["a method that no route has", `TRACE /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`, 404],
    [
      "half a handshake",
      "GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: canary\r\n\r\n",
      400,
    ],
  ];
  test.each(cases)("%s", async (_what, bytes, status) => {
    const answer = await exchange(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer.toLowerCase()).toContain("content-type: application/json; charset=utf-8");
    const { errors } = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
    expect(errors).toEqual([
      {
        message: expect.any(String),
        extensions: { code: status === 404 ? "NOT_FOUND" : "BAD_USER_INPUT", retryable: false },
      },
    ]);
    expect(answer.toLowerCase()).not.toContain("canary");
  });

  test("a socket of another path", async () => {
    const socket = new WebSocket(at("/elsewhere").href.replace("http", "ws"));
    socket.on("error", () => undefined);
    const status = await new Promise((resolve) =>
      socket.on("unexpected-response", (_request, answer) => resolve(answer)),
    );
    expect(status).toMatchObject({ statusCode: 404, headers: { "content-type": "application/json; charset=utf-8" } });
  });
});
