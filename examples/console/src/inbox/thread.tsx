import { useMutation } from "@apollo/client/react";
import { PhoneOff } from "lucide-react";
import { useEffect, useRef } from "react";
import { Link } from "react-router";
import { MarkReadDocument, ThreadDocument } from "../generated/inbox.ts";
import { isText, useDraft } from "../parts/draft.ts";
import { PaneHead } from "../parts/pane-head.tsx";
import { Avatar, showNumber } from "../parts/person.tsx";
import { useRead } from "../parts/read.ts";
import { Empty, Failed, hasFailed, Problem, Skeleton } from "../parts/state.tsx";
import { showMoment } from "../parts/time.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { Again, keyOfNextTry } from "./again.tsx";
import { Composer, sentTextOf } from "./composer.tsx";
import { type Message, Messages } from "./messages.tsx";
import { useNames } from "./names.ts";
import { useSending } from "./sending.ts";

const words = strings.inbox;
const MESSAGES = "person.conversation.messages.nodes";
/** As the graph takes numbers. */
const NUMBER = /^\+[1-9]\d{6,14}$/;

interface Props {
  readonly phoneNumber: string;
  /** Grows when texts came in or went out. */
  readonly changes: number;
}

/** The conversation with what the address names, if that is a number. */
export default function Thread(props: Props) {
  return NUMBER.test(props.phoneNumber) ? (
    <Conversation {...props} />
  ) : (
    <div className="thread">
      <Empty icon={PhoneOff} title={words.noNumberTitle}>
        <p>{words.noNumber}</p>
        <Link className="button" to="/inbox">
          {words.back}
        </Link>
      </Empty>
    </div>
  );
}

/** One conversation: both directions, and the box to answer in. Opening it marks it as read. */
function Conversation({ phoneNumber, changes }: Props) {
  const may = useMay();
  const { data, error, refetch, fetchMore } = useRead(ThreadDocument, {
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

  const draft = useDraft(phoneNumber, "", isText);
  const sending = useSending(refetch);
  const box = useRef<HTMLTextAreaElement>(null);
  const recorded = page?.nodes.find((message) => keyOf(message) === draft.idempotencyKey)?.text;
  useEffect(() => {
    // What is left in the box is another text, and gets a key of its own.
    if (recorded !== undefined) {
      draft.renew(recorded === sentTextOf(draft.value) ? "" : draft.value);
    }
  }, [recorded, draft]);

  const mayWrite = may("messages:send") && optedOutAt === null;
  function renderAgain(message: Message) {
    if (!mayWrite || message.__typename !== "OutgoingMessage" || message.state !== "REFUSED") {
      return null;
    }
    const next = keyOfNextTry(message);
    return page?.nodes.some((each) => each.id !== message.id && keyOf(each) === next) ? null : (
      <Again
        message={message}
        phoneNumber={phoneNumber}
        sending={sending}
        onTry={() => box.current?.focus()}
        onEdit={
          draft.value.trim() === ""
            ? () => {
                draft.renew(message.text);
                box.current?.focus();
              }
            : null
        }
      />
    );
  }

  // A group is not known while the platform does not answer: the line stays the one that it was.
  const areGroupsUnread = hasFailed(error, `${MESSAGES}.group`);
  const isUnread = !conversation && hasFailed(error, "person.conversation");
  // Which line a text came by is told by Pidj: without it, the texts are all there.
  const isIncomplete = hasFailed(error, `${MESSAGES}.text`) || hasFailed(error, "person.optedOutAt");
  const readLine = usedLineOf(page?.nodes ?? [], areGroupsUnread);
  const lastLine = useRef(readLine);
  lastLine.current = readLine === undefined ? lastLine.current : readLine;
  const noMessages = mayWrite ? `${words.noMessages} ${words.writeFirst}` : words.noMessages;

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
      {isUnread ? (
        <Failed error={error} title={words.threadFailedTitle} onRetry={() => void refetch()} />
      ) : (
        <Problem error={isIncomplete ? error : undefined} onRetry={() => void refetch()} />
      )}
      {data === undefined && error === undefined && <Skeleton rows={5} of="texts" />}
      {data !== undefined && !isUnread && (
        <Messages
          messages={page?.nodes ?? []}
          since={conversation ? words.since(showMoment(conversation.listeningStartedAt)) : noMessages}
          onOlder={
            page?.pageInfo.hasNextPage
              ? () => void fetchMore({ variables: { after: page.pageInfo.endCursor ?? null } })
              : null
          }
          renderAgain={renderAgain}
        />
      )}
      {may("messages:send") && data?.person && (
        <Composer
          phoneNumber={phoneNumber}
          draft={draft}
          sending={sending}
          box={box}
          usedLine={lastLine.current}
          optedOutAt={optedOutAt}
        />
      )}
      {!may("messages:send") && <p className="note">{words.readOnly}</p>}
    </section>
  );
}

function keyOf(message: Message): string | null {
  return message.__typename === "OutgoingMessage" ? message.idempotencyKey : null;
}

/** Number or id of the account's line in the newest text that has one; undefined if that cannot be read. */
function usedLineOf(messages: readonly Message[], areGroupsUnread: boolean): string | null | undefined {
  for (const message of messages) {
    const number = message.__typename === "OutgoingMessage" ? message.fromPhoneNumber : message.toPhoneNumber;
    if (number !== null || message.group !== null) {
      return number ?? message.group?.id;
    }
    if (areGroupsUnread) {
      return undefined;
    }
  }
  return null;
}
