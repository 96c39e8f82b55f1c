import { useQuery } from "@apollo/client/react";
import { Send as SendIcon } from "lucide-react";
import { useEffect, useRef } from "react";
import { useParams } from "react-router";
import { JobsDocument, NewestJobDocument } from "../generated/send.ts";
import { useRead } from "../parts/read.ts";
import { Empty } from "../parts/state.tsx";
import { isUnwatched } from "../parts/timing.ts";
import { strings } from "../strings.ts";
import { Compose } from "./compose.tsx";
import { JobList } from "./job-list.tsx";
import { JobPage } from "./job-page.tsx";

const words = strings.send;
const PAGE = 50;
const LARGEST_PAGE = 100;
/** Jobs that others make appear after so long, for no platform call; how far the shown ones are is told as it happens. */
const LOOK_MS = 5_000;
/** In the place of a job's id. */
const NEW = "new";

/** What was sent to many on the left, one of them or a new one on the right. */
export default function Send() {
  const { id } = useParams();
  const { data, error, refetch, fetchMore } = useRead(JobsDocument, {
    variables: { first: PAGE },
    fetchPolicy: "cache-and-network",
  });
  const page = data?.jobs;
  const earlier = useRef(id);
  useEffect(() => {
    if (earlier.current === NEW && id !== undefined && id !== NEW) {
      // The button that sent it is gone, and the focus with it.
      document.getElementById("job-title")?.focus();
    }
    earlier.current = id;
  }, [id]);
  const newest = useQuery(NewestJobDocument, {
    // The cache would take its one row for the list.
    fetchPolicy: "no-cache",
    pollInterval: LOOK_MS,
    skipPollAttempt: isUnwatched,
  });
  const newestId = newest.data?.jobs?.nodes[0]?.id;
  const isBehind = page !== undefined && newestId !== undefined && page?.nodes[0]?.id !== newestId;
  const first = Math.min(LARGEST_PAGE, Math.max(PAGE, page?.nodes.length ?? 0));
  useEffect(() => {
    if (isBehind && newestId !== undefined) {
      void refetch({ first });
    }
  }, [isBehind, newestId, first, refetch]);
  return (
    <div className="inbox" data-open={id !== undefined}>
      <title>{`${words.title} · ${strings.name}`}</title>
      <JobList
        jobs={page?.nodes ?? null}
        totalCount={page?.totalCount ?? 0}
        error={error}
        selected={id ?? null}
        onRetry={() => void refetch()}
        onMore={
          page?.pageInfo.hasNextPage
            ? () => void fetchMore({ variables: { first: PAGE, after: page.pageInfo.endCursor ?? null } })
            : null
        }
      />
      {id === undefined ? (
        <div className="thread thread-none">
          <Empty icon={SendIcon} title={words.chooseTitle}>
            <p>{words.choose}</p>
          </Empty>
        </div>
      ) : id === NEW ? (
        <Compose />
      ) : (
        <JobPage key={id} id={id} />
      )}
    </div>
  );
}
