import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { GraphQLError, parse, print, visit } from "graphql";

const MOST_COST = 20_000;

export interface RouterOptions {
  readonly supergraph: string;
  /** The subgraph that takes a router's key, and the key; null while its authentication is off. */
  readonly guarded: { readonly name: string; readonly key: string | null };
  readonly port: number;
}

export interface Router {
  readonly url: string;
  close(): Promise<unknown>;
}

/**
 * What a request to a subgraph has in addition: the client's credential as it came and, for the subgraph that takes it, the
 * router's own. No other header of the client is passed on, least of all its `x-api-key`.
 */
function credentialsFor(subgraph: string, authorization: string | undefined, { guarded }: RouterOptions) {
  const own = subgraph === guarded.name && guarded.key !== null ? { "x-api-key": guarded.key } : {};
  return authorization === undefined ? own : { ...own, authorization };
}

/** Hive Gateway: queries, mutations and subscriptions. */
export async function startHive(options: RouterOptions): Promise<Router> {
  const gateway = createGatewayRuntime({
    supergraph: options.supergraph,
    propagateHeaders: {
      // The join__Graph enum of the supergraph names subgraphs in capitals.
      fromClientToSubgraphs: ({ request, subgraphName }) =>
        credentialsFor(subgraphName.toLowerCase(), request.headers.get("authorization") ?? undefined, options),
    },
    // `@cost` and `@listSize` of the subgraphs. Here as much as the graph of texts allows in one operation.
    demandControl: { maxCost: MOST_COST, includeExtensionMetadata: true },
    // The client is told why a field is null, with the code that the subgraph gave.
    maskedErrors: false,
    landingPage: false,
    logging: "error",
  });
  const server = createServer(gateway as (request: IncomingMessage, response: ServerResponse) => void);
  server.listen(options.port, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await gateway[Symbol.asyncDispose]();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, close };
}

/**
 * A subgraph that refuses a whole request says why in the body of its answer. Apollo Gateway's own source tells the client of
 * an INTERNAL_SERVER_ERROR instead, and where the subgraph is.
 */
class DataSource extends RemoteGraphQLDataSource<{ readonly authorization?: string }> {
  override async errorFromResponse(
    response: Parameters<RemoteGraphQLDataSource["errorFromResponse"]>[0],
  ): Promise<GraphQLError> {
    const body = await this.parseBody(response).catch(() => null);
    const [error] =
      body !== null && typeof body === "object" && "errors" in body ? (body.errors as GraphQLError[]) : [];
    return error === undefined
      ? new GraphQLError(`A subgraph answered with status ${response.status}.`)
      : new GraphQLError(error.message, { extensions: error.extensions });
  }
}

/** Apollo Gateway: queries and mutations. It takes no subscriptions: Apollo has them in its router only. */
export async function startApollo(options: RouterOptions): Promise<Router> {
  const gateway = new ApolloGateway({
    supergraphSdl: withoutSecurity(options.supergraph),
    buildService: ({ name, url }) =>
      new DataSource({
        url: url ?? "",
        willSendRequest: ({ request, context }) => {
          for (const [header, value] of Object.entries(credentialsFor(name, context.authorization, options))) {
            request.http?.headers.set(header, value);
          }
        },
      }),
  });
  const server = new ApolloServer({ gateway, includeStacktraceInErrorResponses: false });
  const { url } = await startStandaloneServer(server, {
    listen: { host: "127.0.0.1", port: options.port },
    context: async ({ req }) => ({ authorization: req.headers.authorization }),
  });
  return { url, close: () => server.stop() };
}

/**
 * Apollo Gateway refuses a supergraph with scopes, because it does not check them. Here they may be left out for it: the
 * graph of texts checks each caller's scopes itself, whoever brings the request.
 */
function withoutSecurity(supergraph: string): string {
  const isSecurity = /\bfor: SECURITY\b/;
  return print(visit(parse(supergraph), { Directive: (node) => (isSecurity.test(print(node)) ? null : undefined) }));
}
