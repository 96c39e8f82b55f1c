import { useApolloClient, useSubscription } from "@apollo/client/react";
import { useRef } from "react";
import { ReceivedDocument, SentDocument } from "../generated/inbox.ts";
import { useGathered } from "../parts/timing.ts";

const GATHER_MS = 200;

/**
 * Calls `onChange` after texts came in or went out behind `since`, once for those that come together. Somebody's opt-out
 * is in the cache before that.
 */
export function useLiveInbox(since: string | undefined, onChange: () => void): void {
  const gather = useGathered(onChange, GATHER_MS);
  // The first cursor stays: the client goes on behind what it has seen by itself.
  const first = useRef(since);
  first.current ??= since;
  const client = useApolloClient();
  const options = { variables: { since: first.current ?? null }, skip: since === undefined, onData: gather, client };
  useSubscription(ReceivedDocument, options);
  useSubscription(SentDocument, options);
}
