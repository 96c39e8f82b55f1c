import { defineConfig } from "@graphql-hive/gateway";

/**
 * Hive Gateway in front of the servers. A request to textgraph carries the router's own key and the client's
 * `authorization` as it came; no other header of the client is passed on. See docs/subgraph.md.
 */
export const gatewayConfig = defineConfig({
  supergraph: "/gateway/supergraph.graphql",
  propagateHeaders: {
    fromClientToSubgraphs: ({ request, subgraphName }) => {
      const authorization = request.headers.get("authorization");
      return {
        ...(authorization !== null && { authorization }),
        ...(subgraphName.toLowerCase() === "textgraph" && { "x-api-key": process.env["ROUTER_KEY"] ?? "" }),
      };
    },
  },
  maskedErrors: false,
  landingPage: false,
  graphiql: false,
});
