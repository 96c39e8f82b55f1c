import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestListener } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from "@apollo/server/plugin/disabled";
import { GraphQLError, type GraphQLSchema } from "graphql";
import type { Context } from "../context.ts";
import { PARSE_OPTIONS } from "../operations/documents.ts";
import { createErrorFormatter, inOrder } from "../operations/errors.ts";
import { platformsOf } from "../operations/execution.ts";
import { UnconditionalSubscriptionRule } from "../operations/single-root-field.ts";
import { landingPage } from "./landing-page.ts";

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  /** Production hides the schema, the explorer and what an operation cost. */
  readonly isProduction: boolean;
  /** A number to greet newcomers with. */
  readonly exampleNumber: string;
  /** Told of every error that is a bug of ours. */
  readonly report: (error: unknown) => void;
  readonly plugins: readonly ApolloServerPlugin<Context>[];
}

const ignore = () => undefined;
// Apollo Server prints errors with the document around them, which holds numbers and texts; `report` is told of them.
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Apollo Server, started. */
export async function startGraphql(options: GraphqlOptions): Promise<ApolloServer<Context>> {
  const server = new ApolloServer<Context>({
    schema: options.schema,
    introspection: !options.isProduction,
    hideSchemaDetailsFromClientErrors: options.isProduction,
    includeStacktraceInErrorResponses: false,
    // main.ts stops the process; Apollo's own handlers would race it.
    stopOnTerminationSignals: false,
    parseOptions: PARSE_OPTIONS,
    validationRules: [UnconditionalSubscriptionRule],
    logger: SILENT,
    formatError: createErrorFormatter(options),
    plugins: [
      // On by default, and a hook on every field of every answer.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      landingPage(options),
      {
        requestDidStart: async () => operation,
        unexpectedErrorProcessingRequest: async ({ error }) => options.report(error),
      },
      ...(options.isProduction ? [] : [platformCalls]),
      ...options.plugins,
    ],
  });
  await server.start();
  return server;
}

const operation: GraphQLRequestListener<Context> = {
  /** What waits for the operation is told what it is: the document alone knows. */
  didResolveOperation: async ({ operation, contextValue }) => {
    if (operation?.operation === "subscription") {
      throw new GraphQLError(
        "A subscription is answered over WebSocket (graphql-transport-ws), or with accept: text/event-stream.",
        { nodes: [operation], extensions: { code: "BAD_USER_INPUT", http: { status: 400 } } },
      );
    }
    if (operation) {
      contextValue.onKind(operation.operation);
    }
  },
  /** Failures come in as it happens; a client gets the same answer however that was. */
  willSendResponse: async ({ response: { body } }) => {
    if (body.kind === "single" && body.singleResult.errors !== undefined) {
      body.singleResult.errors = inOrder(body.singleResult.errors);
    }
  },
};

/** `extensions.platforms`: the platform calls that the operation made, so that a frontend sees what its query costs. */
const platformCalls: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ contextValue, response }) => {
      if (response.body.kind === "single" && "data" in response.body.singleResult) {
        response.body.singleResult.extensions = {
          ...response.body.singleResult.extensions,
          platforms: platformsOf(contextValue),
        };
      }
    },
  }),
};
