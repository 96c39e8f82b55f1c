import { defineConfig } from "@graphql-hive/gateway";

export const gatewayConfig = defineConfig({
  host: "127.0.0.1",
  port: 4182,
  landingPage: false,
  graphiql: false,
  logging: "error",
  cache: { type: "localforage" },
  responseCaching: {
    session: () => null,
    ttl: 0,
    ttlPerSchemaCoordinate: { "Query.participants": 30_000 },
  },
  additionalResolvers: {
    Query: {
      participants: {
        resolve: async (root, args, context, info) => ({
          nodes: (
            await context.Textizen.Query.allParticipants({
              root,
              context,
              info,
              selectionSet: "{ id name phone_number }",
            })
          ).slice(0, args.first ?? 20),
        }),
      },
    },
  },
});
