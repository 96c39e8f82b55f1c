import type { ApolloClient, ErrorLike } from "@apollo/client";
import { useQuery } from "@apollo/client/react";
import { useRef } from "react";

type Failures = Map<string, ErrorLike>;

const failuresOf = new WeakMap<ApolloClient, Failures>();

/**
 * Apollo's `useQuery`, with an error that lasts until the same is read again. The cache keeps null for what could not be
 * read, and Apollo forgets the error when anything else changes in the cache or the page is opened again: then it would
 * look as if there were nothing.
 */
export const useRead = ((...args: Parameters<typeof useQuery>) => {
  const result = useQuery(...args);
  const { client, observable, data, error, loading } = result;
  const failures = failuresOf.get(client) ?? new Map<string, ErrorLike>();
  failuresOf.set(client, failures);
  const key = `${observable.queryName} ${JSON.stringify(result.variables)}`;
  const before = useRef({ key, loading });
  const wasRead = before.current.key === key && before.current.loading && !loading;
  before.current = { key, loading };
  if (error !== undefined) {
    failures.set(key, error);
  } else if (wasRead) {
    failures.delete(key);
  }
  const isFirst = loading && data === undefined;
  return { ...result, error: error ?? (isFirst ? undefined : failures.get(key)) };
}) as typeof useQuery;
