import { MessageSquarePlus, MessagesSquare } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { Link, useParams } from "react-router";
import { ConversationsDocument } from "../generated/inbox.ts";
import { useRead } from "../parts/read.ts";
import { Empty, Skeleton } from "../parts/state.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { ConversationList } from "./conversation-list.tsx";
import { FIRST_PAGE, PAGE } from "./first-page.ts";
import { useLiveInbox } from "./live.ts";

// Behind the first screen, which is the list.
const loadThread = () => import("./thread.tsx");
const Thread = lazy(loadThread);
const LARGEST_PAGE = 100;

/** Conversations on the left, one of them on the right, both live. On a narrow screen one of the two. */
export default function Inbox() {
  const { id: phoneNumber } = useParams();
  const may = useMay();
  const [isUnread, setUnread] = useState(false);
  // What changed while another section was open is read when this one is opened again.
  const { data, error, refetch, fetchMore } = useRead(ConversationsDocument, {
    variables: isUnread ? { first: PAGE, filter: { isUnread } } : FIRST_PAGE,
    fetchPolicy: "cache-and-network",
  });
  const page = data?.conversations;
  const rows = page?.nodes?.filter((row) => row !== null) ?? [];
  const [changes, setChanges] = useState(0);
  useLiveInbox(data?.eventCursor, () => {
    void refetch({ first: Math.min(LARGEST_PAGE, Math.max(PAGE, rows.length)) });
    setChanges((count) => count + 1);
  });
  const words = strings.inbox;

  const isShown = page !== undefined;
  useEffect(() => {
    if (isShown) {
      // For whoever opens a conversation now; if it cannot be loaded, it is tried again then, and said.
      loadThread().catch(() => undefined);
    }
  }, [isShown]);

  return (
    <div className="inbox" data-open={phoneNumber !== undefined}>
      <title>{`${words.title} · ${strings.name}`}</title>
      <ConversationList
        rows={page ? rows : null}
        totalCount={page?.totalCount ?? 0}
        error={error}
        isUnread={isUnread}
        selected={phoneNumber ?? null}
        onUnread={setUnread}
        onRetry={() => void refetch()}
        onMore={
          page?.pageInfo.hasNextPage
            ? () => void fetchMore({ variables: { first: PAGE, after: page.pageInfo.endCursor ?? null } })
            : null
        }
      />
      {phoneNumber === undefined ? (
        <div className="thread thread-none">
          {page && page.totalCount === 0 && !isUnread && may("contacts:read") ? (
            <Empty icon={MessageSquarePlus} title={words.startTitle}>
              <p>{words.start}</p>
              <Link className="button" to="/people">
                {words.find}
              </Link>
            </Empty>
          ) : (
            <Empty icon={MessagesSquare} title={words.chooseTitle}>
              <p>{words.choose}</p>
            </Empty>
          )}
        </div>
      ) : (
        <Suspense fallback={<Skeleton rows={5} of="texts" />}>
          <Thread key={phoneNumber} phoneNumber={phoneNumber} changes={changes} />
        </Suspense>
      )}
    </div>
  );
}
