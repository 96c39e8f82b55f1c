import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from "@apollo/server/plugin/disabled";
import { type DocumentNode, type GraphQLFormattedError, type GraphQLSchema, parse } from "graphql";
import { createErrorFormatter, withoutStatus } from "../operations/errors.ts";
import { FAILURES } from "../operations/failures.ts";
import { stringifyInTurns } from "../operations/large-answer.ts";
import type { Answer } from "../operations/operation.ts";
import type { Asked } from "./asked.ts";
import { landingPage } from "./landing-page.ts";

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  /** In production, neither the schema nor the explorer is served. */
  readonly isProduction: boolean;
  /** False if clients may run only documents that the server knows. */
  readonly keepsQueries: boolean;
  /** A phone number for the explorer's first query. */
  readonly exampleNumber: string;
  /** Called with every error that is a bug of this server. */
  readonly report: (error: unknown) => void;
}

/** The context value that Apollo Server passes on for one request. */
export interface ApolloContext {
  /** Answers the operation that the request contains. */
  readonly answer: (asked: Asked) => Promise<Answer>;
}

const ignore = () => undefined;
// Apollo Server logs errors with a part of the document, which may contain numbers and texts. `report` is called with
// them instead.
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * Starts Apollo Server, which is the HTTP protocol in front of operations: it negotiates content types, prevents CSRF,
 * keeps persisted queries and shows the landing page. It parses, validates and executes nothing: it sees each request
 * as the same anonymous query, and `ApolloContext.answer` answers it.
 */
export async function startApollo(options: ApolloOptions): Promise<ApolloServer<ApolloContext>> {
  const format = createErrorFormatter(options);
  const server = new ApolloServer<ApolloContext>({
    schema: options.schema,
    includeStacktraceInErrorResponses: false,
    // main.ts handles signals; Apollo's handlers would interfere.
    stopOnTerminationSignals: false,
    documentStore: STAND_IN,
    stringifyResult: async (result) => `${await stringifyInTurns(result)}\n`,
    // Otherwise it keeps automatic persisted queries, up to 30 MB of them.
    ...(!options.keepsQueries && { persistedQueries: false }),
    logger: SILENT,
    formatError: (formatted, error) =>
      isForgeable(formatted) ? withoutStatus(FAILURES.forgeable) : format(formatted, error),
    plugins: [
      // Otherwise on by default, with a hook for every field of every answer.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      landingPage(options),
      answering,
      { unexpectedErrorProcessingRequest: async ({ error }) => options.report(error) },
    ],
  });
  await server.start();
  return server;
}

/** Apollo Server looks here for a parsed document, and always finds the same one. */
const STAND_IN = {
  get: async (): Promise<DocumentNode> => ANY_QUERY,
  set: async () => undefined,
  delete: async () => undefined,
};
const ANY_QUERY = parse("{ __typename }");

/** Passes each request on, and its answer back. */
const answering: ApolloServerPlugin<ApolloContext> = {
  requestDidStart: async ({ request }) => {
    const name = request.operationName || null;
    // The substitute document has no operation of that name.
    delete request.operationName;
    return {
      responseForOperation: async ({ source, contextValue, response: { http } }) => {
        const { variables = {} } = request;
        const { status, result, retryAfter } = await contextValue.answer({
          text: source,
          documentId: null,
          name,
          variables,
          isPersisted: false,
        });
        http.status = status;
        if (status === FAILURES.mutationByGet.status) {
          http.headers.set("allow", "POST");
        }
        if (retryAfter !== null) {
          http.headers.set("retry-after", String(retryAfter));
        }
        return { http, body: { kind: "single", singleResult: result } };
      },
    };
  },
};

/** Whether Apollo Server refused a request because any web page could have sent it (CSRF). */
function isForgeable({ message }: GraphQLFormattedError): boolean {
  return message.includes("Cross-Site Request Forgery");
}
