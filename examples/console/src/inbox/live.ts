import { useApolloClient, useSubscription } from "@apollo/client/react";
import { useCallback, useEffect, useRef } from "react";
import { ReceivedDocument, SentDocument } from "../generated/operations.ts";

const GATHER_MS = 200;

/**
 * Calls `onChange` after texts came in or went out behind `since`, once for those that come together. Somebody's opt-out
 * is in the cache before that.
 */
export function useLiveInbox(since: string | undefined, onChange: () => void): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(onChange);
  latest.current = onChange;
  // The first cursor stays: the client goes on behind what it has seen by itself.
  const first = useRef(since);
  first.current ??= since;
  const client = useApolloClient();
  const gather = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, GATHER_MS);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);
  const options = { variables: { since: first.current ?? null }, skip: since === undefined, onData: gather, client };
  useSubscription(ReceivedDocument, options);
  useSubscription(SentDocument, options);
}
