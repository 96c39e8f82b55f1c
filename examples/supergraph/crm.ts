import { readFileSync } from "node:fs";
import { ApolloServer } from "@apollo/server";
import { ApolloServerPluginInlineTraceDisabled } from "@apollo/server/plugin/disabled";
import { startStandaloneServer } from "@apollo/server/standalone";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";

export const CRM_SDL = readFileSync(new URL("crm.graphql", import.meta.url), "utf8");

interface Customer {
  readonly id: string;
  readonly name: string;
  readonly phoneNumber: string | null;
}

/** The first two are people of the simulated platforms. */
const CUSTOMERS: readonly Customer[] = [
  { id: "1", name: "J. Kuhic", phoneNumber: "+12015554821" },
  { id: "2", name: "Somebody whom no platform knows", phoneNumber: "+12025550199" },
  { id: "3", name: "Somebody without a telephone", phoneNumber: null },
];

const resolvers = {
  Query: {
    customers: () => CUSTOMERS,
    customer: (_root: unknown, { id }: { readonly id: string }) => CUSTOMERS.find((each) => each.id === id) ?? null,
  },
  Customer: {
    __resolveReference: ({ id }: { readonly id: string }) => CUSTOMERS.find((each) => each.id === id) ?? null,
    person: ({ phoneNumber }: Customer) => (phoneNumber === null ? null : { phoneNumber }),
  },
  Person: {
    __resolveReference: ({ phoneNumber }: { readonly phoneNumber: string }) => ({ phoneNumber }),
    customer: ({ phoneNumber }: { readonly phoneNumber: string }) =>
      CUSTOMERS.find((each) => each.phoneNumber === phoneNumber) ?? null,
  },
};

/** Another team's graph, on a free port of this machine. */
export async function startCrm(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = new ApolloServer({
    schema: buildSubgraphSchema([{ typeDefs: parse(CRM_SDL), resolvers }]),
    // Otherwise whoever asks for a trace gets one.
    plugins: [ApolloServerPluginInlineTraceDisabled()],
  });
  const { url } = await startStandaloneServer(server, { listen: { host: "127.0.0.1", port: 0 } });
  return { url, close: () => server.stop() };
}
