import type { CacheExchangeOpts, KeyingConfig, ResolverConfig } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { CONNECTIONS, RECORDS_BY_ID, TYPES_WITHOUT_ID } from "../generated/facts.ts";

/** What has no id is a part of what it was read with. */
export const keys: KeyingConfig = {
  ...Object.fromEntries(TYPES_WITHOUT_ID.map((type) => [type, () => null])),
  // One person has one entry, whether an operation selects its id or its number.
  Person: ({ id, phoneNumber }) => (id ? String(id) : phoneNumber ? `person:${String(phoneNumber)}` : null),
};

const pagesOf = (fields: object) =>
  Object.fromEntries(Object.keys(fields).map((field) => [field, relayPagination({ mergeMode: "inwards" })]));

/** Pages are gathered, and records found that another operation has read. */
export const resolvers: ResolverConfig = {
  ...Object.fromEntries(Object.entries(CONNECTIONS).map(([type, fields]) => [type, pagesOf(fields)])),
  Query: {
    ...pagesOf(CONNECTIONS.Query),
    ...Object.fromEntries(
      Object.entries(RECORDS_BY_ID).map(([field, __typename]) => [
        field,
        // Null is known once it was read: a reference to a record that there is not would take the whole answer away.
        (_, args, cache, { fieldName }) => {
          const known = cache.resolve("Query", fieldName, args);
          return known === undefined ? { __typename, id: String(args["id"]) } : known;
        },
      ]),
    ),
    person: (_, { phoneNumber }) => ({ __typename: "Person", id: `person:${String(phoneNumber)}` }),
  },
};

/** For `cacheExchange(graphcacheOptions)`. */
export const graphcacheOptions: CacheExchangeOpts = { keys, resolvers };
