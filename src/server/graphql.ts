import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestListener } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from "@apollo/server/plugin/disabled";
import type { GraphQLFormattedError, GraphQLSchema } from "graphql";
import type { Context } from "../context.ts";
import { formatError, inOrder } from "./errors.ts";
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

// Deeper documents than any screen needs; the parser's own stack holds far more.
const MOST_TOKENS = 1_500;

/** Apollo Server, started. */
export async function startGraphql(options: GraphqlOptions): Promise<ApolloServer<Context>> {
  const server = new ApolloServer<Context>({
    schema: options.schema,
    introspection: !options.isProduction,
    hideSchemaDetailsFromClientErrors: options.isProduction,
    includeStacktraceInErrorResponses: false,
    // main.ts stops the process; Apollo's own handlers would race it.
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MOST_TOKENS },
    formatError: (formatted, error) =>
      formatError(options.isProduction ? withoutSuggestion(formatted) : formatted, error, options.report),
    plugins: [
      // On by default, and a hook on every field of every answer.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      landingPage(options),
      { requestDidStart: async () => operation },
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

/** Apollo hides what the schema would suggest from wrong documents, not from wrong variables (apollo-server#8086). */
function withoutSuggestion(formatted: GraphQLFormattedError): GraphQLFormattedError {
  return { ...formatted, message: formatted.message.replace(/ ?Did you mean .+\?$/s, "") };
}

/** `extensions.platforms`: the platform calls that the operation made, so that a frontend sees what its query costs. */
const platformCalls: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ contextValue, response }) => {
      if (response.body.kind === "single" && "data" in response.body.singleResult) {
        const platforms = contextValue.calls.map(({ milliseconds, ...call }) => ({
          ...call,
          milliseconds: Math.round(milliseconds * 10) / 10,
        }));
        response.body.singleResult.extensions = { ...response.body.singleResult.extensions, platforms };
      }
    },
  }),
};
