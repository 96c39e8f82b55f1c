import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from "@apollo/server/plugin/disabled";
import { type DocumentNode, type GraphQLFormattedError, type GraphQLSchema, parse } from "graphql";
import { createErrorFormatter, withoutStatus } from "../operations/errors.ts";
import { FAILURES } from "../operations/failures.ts";
import type { Answer } from "../operations/operation.ts";
import type { Asked } from "./asked.ts";
import { landingPage } from "./landing-page.ts";

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  /** Production hides the schema and the explorer. */
  readonly isProduction: boolean;
  /** A number to greet newcomers with. */
  readonly exampleNumber: string;
  /** Told of every error that is a bug of ours. */
  readonly report: (error: unknown) => void;
  readonly plugins: readonly ApolloServerPlugin<ApolloContext>[];
}

/** What Apollo Server carries for one request. */
export interface ApolloContext {
  /** Answers what the request turns out to ask. */
  readonly answer: (asked: Asked) => Promise<Answer>;
}

const ignore = () => undefined;
// Apollo Server prints errors with the document around them, which holds numbers and texts; `report` is told of them.
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * Apollo Server, started. It is the HTTP protocol in front of operations: it negotiates content types, prevents CSRF,
 * keeps persisted queries and shows the landing page. It parses, validates and executes nothing: each request is a query
 * without a name to it, and is answered by `ApolloContext.answer`.
 */
export async function startApollo(options: ApolloOptions): Promise<ApolloServer<ApolloContext>> {
  const format = createErrorFormatter(options);
  const server = new ApolloServer<ApolloContext>({
    schema: options.schema,
    includeStacktraceInErrorResponses: false,
    // main.ts stops the process; Apollo's own handlers would race it.
    stopOnTerminationSignals: false,
    documentStore: STAND_IN,
    logger: SILENT,
    formatError: (formatted, error) =>
      isForgeable(formatted) ? withoutStatus(FAILURES.forgeable) : format(formatted, error),
    plugins: [
      // On by default, and a hook on every field of every answer.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      landingPage(options),
      answering,
      { unexpectedErrorProcessingRequest: async ({ error }) => options.report(error) },
      ...options.plugins,
    ],
  });
  await server.start();
  return server;
}

/** Where Apollo Server looks for a document before it parses its text: it finds the same one every time. */
const STAND_IN = {
  get: async (): Promise<DocumentNode> => ANY_QUERY,
  set: async () => undefined,
  delete: async () => undefined,
};
const ANY_QUERY = parse("{ __typename }");

/** Hands each request on, and its answer back. */
const answering: ApolloServerPlugin<ApolloContext> = {
  requestDidStart: async ({ request }) => {
    const name = request.operationName || null;
    // The document that stands in has no such operation.
    delete request.operationName;
    return {
      responseForOperation: async ({ source, contextValue, response: { http } }) => {
        const { variables = {} } = request;
        const { status, result } = await contextValue.answer({ text: source, name, variables, isPersisted: false });
        http.status = status;
        if (status === FAILURES.mutationByGet.status) {
          http.headers.set("allow", "POST");
        }
        return { http, body: { kind: "single", singleResult: result } };
      },
    };
  },
};

/** Whether Apollo Server refused a request that any page could have sent. */
function isForgeable({ message }: GraphQLFormattedError): boolean {
  return message.includes("Cross-Site Request Forgery");
}
