import type { FastifyRequest } from "fastify";

/** What a request asks to be executed, as GraphQL over HTTP writes it; nothing is known of its document. */
export interface Asked {
  readonly text: string;
  readonly name: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Whether it names its document by a hash (automatic persisted queries), which Apollo Server keeps. */
  readonly isPersisted: boolean;
}

/** What a GET, or a POST whose body has been parsed, asks; a sentence about what is wrong if it cannot be read. */
export function readAsked({ method, headers, query, body }: FastifyRequest): Asked | string {
  if (method === "GET") {
    const { query: text, operationName, variables, extensions } = query as Record<string, unknown>;
    return check({
      query: text,
      operationName,
      variables: parseIfJson(variables),
      extensions: parseIfJson(extensions),
    });
  }
  return isJson(headers["content-type"]) ? check(body) : "The body must be JSON: content-type: application/json.";
}

/** Whether no web page can have sent the body without asking first (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). */
function isJson(contentType = ""): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType);
}

/** RFC 9111 §5.2.1.4: the client wants nothing kept. */
export function isFresh({ headers }: FastifyRequest): boolean {
  return /\bno-cache\b/.test(headers["cache-control"] ?? "");
}

function check(values: unknown): Asked | string {
  if (!isRecord(values)) {
    return "A request is a JSON object.";
  }
  const { query: text, operationName, variables, extensions } = values;
  const [name, given, more] = [operationName ?? null, variables ?? NONE, extensions ?? NONE];
  if (typeof text !== "string") {
    return "query must be the text of a document.";
  }
  if (name !== null && typeof name !== "string") {
    return "operationName must be text.";
  }
  if (!isRecord(given)) {
    return "variables must be an object.";
  }
  if (!isRecord(more)) {
    return "extensions must be an object.";
  }
  // No operation has an empty name: it says that none is meant.
  return { text, name: name || null, variables: given, isPersisted: "persistedQuery" in more };
}

/** The value of JSON text; text that is none is left to be refused. */
function parseIfJson(text: unknown): unknown {
  try {
    return typeof text === "string" ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}

const NONE: Readonly<Record<string, unknown>> = {};

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
