import { useMutation, useQuery } from "@apollo/client/react";
import { useEffect } from "react";
import { Link } from "react-router";
import { MarkReadDocument, ThreadDocument } from "../generated/inbox.ts";
import { PaneHead } from "../parts/pane-head.tsx";
import { Avatar, showNumber } from "../parts/person.tsx";
import { Problem, Skeleton } from "../parts/state.tsx";
import { showMoment } from "../parts/time.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { Composer } from "./composer.tsx";
import { Messages } from "./messages.tsx";
import { useNames } from "./names.ts";

const words = strings.inbox;

interface Props {
  readonly phoneNumber: string;
  /** Grows when texts came in or went out. */
  readonly changes: number;
}

/** One conversation: both directions, and the box to answer in. Opening it marks it as read. */
export default function Thread({ phoneNumber, changes }: Props) {
  const may = useMay();
  const { data, error, refetch, fetchMore } = useQuery(ThreadDocument, {
    variables: { phoneNumber },
    fetchPolicy: "cache-and-network",
  });
  const name = useNames([phoneNumber]).names.get(phoneNumber) ?? showNumber(phoneNumber);
  const [markRead] = useMutation(MarkReadDocument);
  const conversation = data?.person?.conversation;
  const page = conversation?.messages;
  const newest = page?.nodes[0];
  const optedOutAt = data?.person?.optedOutAt ?? null;
  const unreadCount = conversation?.unreadCount ?? 0;

  useEffect(() => {
    if (changes > 0) {
      void refetch();
    }
  }, [changes, refetch]);

  const newestId = newest?.id;
  useEffect(() => {
    if (unreadCount > 0 && newestId !== undefined) {
      void markRead({ variables: { input: { phoneNumber, upToId: newestId } } });
    }
  }, [phoneNumber, unreadCount, newestId, markRead]);

  // The line that the two have used last, or the first one.
  const usedLine = page?.nodes.find((message) => message.group)?.group?.id ?? null;

  return (
    <section className="thread" aria-labelledby="thread-title">
      <PaneHead
        id="thread-title"
        title={name}
        line={name !== showNumber(phoneNumber) && <span className="muted">{showNumber(phoneNumber)}</span>}
        back={{ to: "/inbox", label: words.back }}
        avatar={<Avatar name={name} />}
      >
        {optedOutAt !== null && <span className="badge badge-danger">{words.optedOut}</span>}
        {(may("contacts:read") || may("participants:read")) && (
          <Link className="button" to={`/people/${phoneNumber}`}>
            {words.details}
          </Link>
        )}
      </PaneHead>
      <Problem error={error} onRetry={() => void refetch()} />
      {data === undefined && error === undefined ? (
        <Skeleton rows={5} of="texts" />
      ) : (
        <Messages
          messages={page?.nodes ?? []}
          since={conversation ? words.since(showMoment(conversation.listeningStartedAt)) : words.noMessages}
          onOlder={
            page?.pageInfo.hasNextPage
              ? () => void fetchMore({ variables: { after: page.pageInfo.endCursor ?? null } })
              : null
          }
        />
      )}
      {may("messages:send") && data !== undefined && (
        <Composer phoneNumber={phoneNumber} usedLine={usedLine} optedOutAt={optedOutAt} onSent={() => void refetch()} />
      )}
    </section>
  );
}
