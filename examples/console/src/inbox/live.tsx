import { useApolloClient, useSubscription } from "@apollo/client/react";
import { useState } from "react";
import { ReceivedDocument, SentDocument } from "../generated/inbox.ts";
import { useGathered } from "../parts/timing.ts";

const GATHER_MS = 200;

interface Props {
  /** The cursor of what is shown. */
  readonly since: string;
  readonly onChange: () => void;
}

/**
 * Calls `onChange` after texts came in or went out behind `since`, once for those that come together. Somebody's opt-out
 * is in the cache before that. It shows nothing.
 */
export default function Live({ since, onChange }: Props) {
  const gather = useGathered(onChange, GATHER_MS);
  // The first cursor stays: the client goes on behind what it has seen by itself.
  const [first] = useState(since);
  const client = useApolloClient();
  const options = { variables: { since: first }, onData: gather, client };
  useSubscription(ReceivedDocument, options);
  useSubscription(SentDocument, options);
  return null;
}
