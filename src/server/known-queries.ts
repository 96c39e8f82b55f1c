import type { FastifyRequest } from "fastify";
import { type DocumentNode, execute, type GraphQLFormattedError, type GraphQLSchema, parse } from "graphql";
import type { Context } from "../context.ts";
import { PARSE_OPTIONS } from "../operations/documents.ts";
import { inOrder } from "../operations/errors.ts";

/** A request's body that has nothing wrong or special about it. */
export interface Asked {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface KnownQueriesOptions {
  readonly schema: GraphQLSchema;
  /** What clients see of an error. */
  readonly format: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
}

// What a frontend's screens ask, many times over; together under 4 MB of text.
const KNOWN = 500;
const LONGEST = 8_192;

/**
 * Queries that Apollo Server has let pass before. What it does for each request, from reading headers to looking for the
 * document, would come out the same, and costs more than executing a small query. Whatever it may refuse or answer in
 * another form is left to it.
 */
export class KnownQueries {
  readonly #options: KnownQueriesOptions;
  readonly #known = new Map<string, KnownQuery>();

  constructor(options: KnownQueriesOptions) {
    this.#options = options;
  }

  find(asked: Asked, accept: string | undefined): KnownQuery | null {
    return this.#known.get(keyOf(asked, accept)) ?? null;
  }

  /** Apollo Server has executed it, for a query, and given its answer this content type. */
  learn(asked: Asked, accept: string | undefined, contentType: string): void {
    if (asked.query.length > LONGEST) {
      return;
    }
    const [oldest] = this.#known.keys();
    if (this.#known.size === KNOWN && oldest !== undefined) {
      this.#known.delete(oldest);
    }
    this.#known.set(keyOf(asked, accept), new KnownQuery(this.#options, asked, contentType));
  }
}

export class KnownQuery {
  readonly contentType: string;
  readonly #options: KnownQueriesOptions;
  readonly #document: DocumentNode;
  readonly #operationName: string | null;

  constructor(options: KnownQueriesOptions, { query, operationName }: Asked, contentType: string) {
    this.contentType = contentType;
    this.#options = options;
    this.#document = parse(query, PARSE_OPTIONS);
    this.#operationName = operationName;
  }

  /** The answer, letter for letter Apollo Server's; null where nothing was executed, since the variables are wrong. */
  async execute(variables: Asked["variables"], context: Context): Promise<string | null> {
    const { schema, format } = this.#options;
    context.onKind("query");
    const { data, errors } = await execute({
      schema,
      document: this.#document,
      operationName: this.#operationName,
      variableValues: variables,
      contextValue: context,
    });
    if (data === undefined) {
      return null;
    }
    const shown = errors && inOrder(errors.map((error) => format(error.toJSON(), error)));
    return `${JSON.stringify({ errors: shown, data })}\n`;
  }
}

/** What a POST asks, its body parsed; null for one that Apollo Server must see. */
export function readAsked(request: Pick<FastifyRequest, "method" | "headers" | "body">): Asked | null {
  const { body } = request;
  if (request.method !== "POST" || !isJson(request) || !isRecord(body)) {
    return null;
  }
  const { query, operationName, variables, extensions } = body;
  const [name, values, more] = [operationName ?? null, variables ?? NONE, extensions ?? NONE];
  return typeof query === "string" &&
    (name === null || typeof name === "string") &&
    isRecord(values) &&
    isRecord(more) &&
    !("persistedQuery" in more)
    ? { query, operationName: name, variables: values }
    : null;
}

/** Whether no page can have sent it without asking first (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). */
export function isJson({ headers }: Pick<FastifyRequest, "headers">): boolean {
  return /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "");
}

const NONE: Readonly<Record<string, unknown>> = {};

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function keyOf({ query, operationName }: Asked, accept = ""): string {
  return `${accept}\n${operationName === null ? "" : `=${operationName}`}\n${query}`;
}
