import { useApolloClient, useSubscription } from "@apollo/client/react";
import { useDeferredValue, useRef } from "react";
import { ReceivedDocument, SentDocument } from "../generated/inbox.ts";
import { useGathered } from "../parts/timing.ts";

const GATHER_MS = 200;

/**
 * Calls `onChange` after texts came in or went out behind `since`, once for those that come together. Somebody's opt-out
 * is in the cache before that.
 */
export function useLiveInbox(since: string | undefined, onChange: () => void): void {
  const gather = useGathered(onChange, GATHER_MS);
  // Begins when the list is on the screen, not together with it.
  const deferred = useDeferredValue(since ?? "", "");
  // The first cursor stays: the client goes on behind what it has seen by itself.
  const first = useRef("");
  first.current ||= deferred;
  const client = useApolloClient();
  const options = { variables: { since: first.current }, skip: deferred === "", onData: gather, client };
  useSubscription(ReceivedDocument, options);
  useSubscription(SentDocument, options);
}
