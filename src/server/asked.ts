import type { FastifyRequest } from "fastify";
import { isJsonObject } from "../json.ts";

/** The parameters of a GraphQL over HTTP request, before its document is parsed. */
export interface Asked {
  /** Empty if the request has only the id of a document. */
  readonly text: string;
  readonly documentId: string | null;
  readonly name: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Whether it contains the hash of an automatic persisted query, which Apollo Server keeps. */
  readonly isPersisted: boolean;
}

/**
 * The parameters of a GET, or of a POST with a parsed body; a sentence that says what is wrong if they cannot be read.
 */
export function readAsked({ method, headers, query, body }: FastifyRequest): Asked | string {
  if (method === "GET") {
    const { query: text, operationName, variables, extensions, documentId, id } = query as Record<string, unknown>;
    return check({
      query: text,
      documentId,
      id,
      operationName,
      variables: parseIfJson(variables),
      extensions: parseIfJson(extensions),
    });
  }
  return isJson(headers["content-type"]) ? check(body) : "The body must be JSON: content-type: application/json.";
}

/**
 * Whether a browser sends such a body only after a preflight
 * (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
 */
function isJson(contentType = ""): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType);
}

/** RFC 9111 §5.2.1.4: the client wants no cached data. */
export function isFresh({ headers }: FastifyRequest): boolean {
  return /\bno-cache\b/i.test(headers["cache-control"] ?? "");
}

/**
 * Whether the client asks for the cost of its operations, also in production: by its headers, or by the payload of
 * `connection_init`, because browsers cannot set headers of a WebSocket.
 */
export function showsCost(named: Readonly<Record<string, unknown>>): boolean {
  return named["x-textgraph-cost"] === "1";
}

/** Equal bodies are parsed once, and so are read once. */
const known = new WeakMap<object, Asked | string>();

function check(values: unknown): Asked | string {
  const isObject = typeof values === "object" && values !== null;
  const asked = (isObject && known.get(values)) || read(values);
  if (isObject) {
    known.set(values, asked);
  }
  return asked;
}

function read(values: unknown): Asked | string {
  if (!isJsonObject(values)) {
    return Array.isArray(values)
      ? "A request is one operation, not a list of them: send each in a request of its own."
      : "A request is a JSON object.";
  }
  const { query: text, operationName, variables, extensions } = values;
  const [name, given, more] = [operationName ?? null, variables ?? NONE, extensions ?? NONE];
  const documentId = documentIdOf(values);
  const document = text ?? (documentId === null ? null : "");
  if (typeof document !== "string") {
    return "query must be the text of a document.";
  }
  if (name !== null && typeof name !== "string") {
    return "operationName must be text.";
  }
  if (!isJsonObject(given)) {
    return "variables must be an object.";
  }
  if (!isJsonObject(more)) {
    return "extensions must be an object.";
  }
  // No operation has an empty name, so an empty one counts as absent.
  return { text: document, documentId, name: name || null, variables: given, isPersisted: "persistedQuery" in more };
}

/**
 * The id of a document: `documentId`, as GraphQL over HTTP proposes, `id`, as Relay has it, or the hash that Apollo Client
 * sends; null if there is none.
 */
export function documentIdOf({ documentId, id, extensions }: Readonly<Record<string, unknown>>): string | null {
  const persisted = isJsonObject(extensions) ? extensions["persistedQuery"] : undefined;
  const hash = isJsonObject(persisted) ? persisted["sha256Hash"] : undefined;
  return ([documentId, id, hash].find((each) => typeof each === "string" && each !== "") as string | undefined) ?? null;
}

/** The value of JSON text. Other text is returned as it is, and refused later. */
function parseIfJson(text: unknown): unknown {
  try {
    return typeof text === "string" ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}

const NONE: Readonly<Record<string, unknown>> = {};
