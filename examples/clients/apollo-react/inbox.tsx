import { useQuery, useSubscription } from "@apollo/client/react";
import { InboxDocument, MessageReceivedDocument, type ReceivedMessageRowFragment } from "@textgraph/client";
import { useState } from "react";
import { Problem } from "./problem.tsx";

/** The newest texts, and those that come in while the page is open. */
export function Inbox() {
  const { data, error } = useQuery(InboxDocument, { variables: { first: 20 } });
  const [live, setLive] = useState<readonly ReceivedMessageRowFragment[]>([]);
  const since = data?.eventCursor;
  useSubscription(MessageReceivedDocument, {
    variables: { since: since ?? null },
    skip: since === undefined,
    onData: ({ data: { data: event } }) => {
      const message = event?.messageReceived.message;
      if (message) {
        setLive((rows) => [message, ...rows]);
      }
    },
  });
  const kept = data?.receivedMessages?.nodes ?? [];
  return (
    <section aria-labelledby="inbox">
      <h2 id="inbox">Inbox</h2>
      <p role="note">{since === undefined ? "Connecting" : "Live"}</p>
      <Problem error={error} />
      <ol>
        {[...live, ...kept].map((message) => (
          <li key={message?.id}>
            {message?.text} <small>{message?.from?.displayName ?? message?.displayFrom}</small>
          </li>
        ))}
      </ol>
    </section>
  );
}
