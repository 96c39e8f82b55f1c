import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestListener } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from "@apollo/server/plugin/disabled";
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from "graphql";
import type { Context } from "../context.ts";
import { formatError, inOrder } from "./errors.ts";
import { landingPage } from "./landing-page.ts";
import { UnconditionalSubscriptionRule } from "./single-root-field.ts";

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
export const PARSE_OPTIONS = { maxTokens: 1_500 } as const;

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

/** What clients see of an error, whichever way they ask. */
export function createErrorFormatter({
  isProduction,
  report,
}: Pick<GraphqlOptions, "isProduction" | "report">): (
  formatted: GraphQLFormattedError,
  error: unknown,
) => GraphQLFormattedError {
  return (formatted, error) => formatError(isProduction ? withoutSuggestion(formatted) : formatted, error, report);
}

/** Apollo hides what the schema would suggest from wrong documents, not from wrong variables (apollo-server#8086). */
function withoutSuggestion(formatted: GraphQLFormattedError): GraphQLFormattedError {
  return { ...formatted, message: formatted.message.replace(/ ?Did you mean .+\?$/s, "") };
}

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

/** `extensions.platforms` of what has been executed in this context. */
export function platformsOf({ calls }: Context): readonly object[] {
  return calls.map(({ milliseconds, ...call }) => ({ ...call, milliseconds: Math.round(milliseconds * 10) / 10 }));
}
