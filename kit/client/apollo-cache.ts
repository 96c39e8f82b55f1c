import { type FieldPolicy, InMemoryCache, type Reference, type StoreObject, type TypePolicies } from "@apollo/client";
import { CONNECTIONS, POSSIBLE_TYPES, RECORDS_BY_ID, TYPES_WITHOUT_ID } from "../generated/facts.ts";

type Row = Reference | StoreObject;

/** Pages of one list, gathered. `ends`: how many rows lie before the end of each page that was read, by its `endCursor`. */
interface Gathered {
  readonly nodes?: readonly Row[];
  readonly edges?: readonly Row[];
  readonly pageInfo?: PageInfo;
  readonly ends?: Readonly<Record<string, number>>;
}

interface PageInfo {
  readonly startCursor?: string | null;
  readonly endCursor?: string | null;
  readonly hasNextPage?: boolean;
  readonly hasPreviousPage?: boolean;
}

/**
 * Gathers the pages of a connection, whether an operation selects `nodes`, `edges` or both. `fetchMore` with `after`
 * appends; the same page read again replaces its rows; a read without `after` begins anew. A page that could not be read
 * leaves what was gathered.
 */
export function gatherPages(keyArgs: readonly string[]): FieldPolicy<Gathered | null> {
  return {
    keyArgs: [...keyArgs],
    merge: (existing, incoming, { args }) => {
      const after: unknown = args?.["after"] ?? null;
      const before: unknown = args?.["before"] ?? null;
      const isNext = typeof after === "string" && existing?.ends?.[after] !== undefined;
      const isPrevious = typeof before === "string" && before === existing?.pageInfo?.startCursor;
      if (incoming === null) {
        return existing && (isNext || isPrevious) ? existing : null;
      }
      if (existing && isNext) {
        return joined(existing, incoming, existing.ends?.[after] ?? 0);
      }
      return existing && isPrevious ? preceded(existing, incoming) : withEnd(incoming, {});
    },
  };
}

/** The rows before `at`, then the page. */
function joined(existing: Gathered, page: Gathered, at: number): Gathered {
  const kept = Object.entries(existing.ends ?? {}).filter(([, end]) => end <= at);
  return withEnd(
    {
      ...existing,
      ...page,
      ...(page.nodes && { nodes: [...(existing.nodes ?? []).slice(0, at), ...page.nodes] }),
      ...(page.edges && { edges: [...(existing.edges ?? []).slice(0, at), ...page.edges] }),
      pageInfo: { ...page.pageInfo, ...startOf(existing.pageInfo) },
    },
    Object.fromEntries(kept),
  );
}

function preceded(existing: Gathered, page: Gathered): Gathered {
  const { pageInfo: last } = existing;
  const { startCursor, hasPreviousPage } = page.pageInfo ?? {};
  const added = (page.nodes ?? page.edges ?? []).length;
  return {
    ...existing,
    ...page,
    ...(page.nodes && { nodes: [...page.nodes, ...(existing.nodes ?? [])] }),
    ...(page.edges && { edges: [...page.edges, ...(existing.edges ?? [])] }),
    pageInfo: { ...last, ...startOf({ startCursor, hasPreviousPage }) },
    ends: Object.fromEntries(Object.entries(existing.ends ?? {}).map(([cursor, end]) => [cursor, end + added])),
  };
}

function startOf(
  pageInfo: { startCursor?: string | null | undefined; hasPreviousPage?: boolean | undefined } = {},
): PageInfo {
  const { startCursor, hasPreviousPage } = pageInfo;
  return {
    ...(startCursor !== undefined && { startCursor }),
    ...(hasPreviousPage !== undefined && { hasPreviousPage }),
  };
}

function withEnd(list: Gathered, ends: Readonly<Record<string, number>>): Gathered {
  const { endCursor } = list.pageInfo ?? {};
  const count = (list.nodes ?? list.edges ?? []).length;
  return { ...list, ends: { ...ends, ...(typeof endCursor === "string" && { [endCursor]: count }) } };
}

/** How the cache finds a record that another operation has read already. */
const recordPolicies = Object.fromEntries(
  Object.entries(RECORDS_BY_ID).map(([field, type]): [string, FieldPolicy<Reference>] => [
    field,
    { read: (existing, { args, toReference }) => existing ?? toReference({ __typename: type, id: args?.["id"] }) },
  ]),
);

/** Policies for `InMemoryCache`: pages gathered, records found by id, and a person by number. */
export const typePolicies: TypePolicies = {
  ...Object.fromEntries(TYPES_WITHOUT_ID.map((type) => [type, { merge: mergesInPlace(type) }])),
  ...Object.fromEntries(Object.entries(CONNECTIONS).map(([type, fields]) => [type, { fields: pagesOf(fields) }])),
  Person: {
    // One person has one entry, whether an operation selects its id or its number.
    keyFields: ({ id, phoneNumber }) =>
      id || phoneNumber ? `Person:${id ? String(id) : `person:${String(phoneNumber)}`}` : undefined,
    fields: pagesOf(CONNECTIONS.Person),
  },
  Query: {
    fields: {
      ...pagesOf(CONNECTIONS.Query),
      ...recordPolicies,
      person: {
        read: (existing: Reference | undefined, { args, toReference }) =>
          existing ?? toReference({ __typename: "Person", id: `person:${String(args?.["phoneNumber"])}` }),
      },
    },
  },
};

function pagesOf(fields: Readonly<Record<string, readonly string[]>>): Record<string, FieldPolicy<Gathered | null>> {
  return Object.fromEntries(Object.entries(fields).map(([field, keyArgs]) => [field, gatherPages(keyArgs)]));
}

/** Parts of a record, such as a poll's results, keep what other operations have read of them. */
function mergesInPlace(type: string): boolean {
  return !/(?:Connection|Edge|Payload|Event)$/.test(type);
}

/** Which types an interface stands for. */
export const possibleTypes: Record<string, string[]> = Object.fromEntries(
  Object.entries(POSSIBLE_TYPES).map(([name, types]) => [name, [...types]]),
);

/** A cache that knows the graph. `policies` of your own are added to those of the kit, type by type. */
export function createTextgraphCache(policies: TypePolicies = {}): InMemoryCache {
  const cache = new InMemoryCache({ possibleTypes, typePolicies });
  cache.policies.addTypePolicies(policies);
  return cache;
}
