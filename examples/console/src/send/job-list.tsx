import type { ErrorLike } from "@apollo/client";
import { Plus, Send } from "lucide-react";
import { ListBox, ListBoxItem, ListLayout, Virtualizer } from "react-aria-components";
import { Link, useNavigate } from "react-router";
import type { JobSummaryFragment } from "../generated/send.ts";
import { PaneFoot } from "../parts/pane-foot.tsx";
import { opensRow } from "../parts/selection.ts";
import { Empty, Failed, Problem, Skeleton } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { nameOf, Progress, StateBadge, useJobProgress } from "./job-state.tsx";

const words = strings.send;
const ROW_HEIGHT = 84;

interface Props {
  /** Newest first; null while the first page is under way. */
  readonly jobs: readonly JobSummaryFragment[] | null;
  readonly totalCount: number;
  readonly error: ErrorLike | undefined;
  readonly selected: string | null;
  readonly onRetry: () => void;
  /** Null if there are no more. */
  readonly onMore: (() => void) | null;
}

/** Jobs with their progress, which moves by itself in the rows that are in sight. */
export function JobList({ jobs, totalCount, error, selected, onRetry, onMore }: Props) {
  const may = useMay();
  return (
    <section className="conversations" aria-labelledby="send-title">
      <header className="pane-head">
        <h1 id="send-title">{words.title}</h1>
        {may("messages:send") && (
          <Link className="button button-primary" to="/send/new">
            <Plus aria-hidden size={18} />
            {words.compose}
          </Link>
        )}
      </header>
      {jobs !== null ? (
        <>
          <Problem error={error} onRetry={onRetry} />
          <Rows jobs={jobs} selected={selected} />
        </>
      ) : error === undefined ? (
        <Skeleton of="lines" />
      ) : (
        <Failed error={error} title={words.failedTitle} onRetry={onRetry} />
      )}
      {jobs !== null && (
        <PaneFoot more={words.more} onMore={onMore}>
          <span className="muted">{words.count(totalCount)}</span>
        </PaneFoot>
      )}
    </section>
  );
}

interface RowsProps {
  readonly jobs: readonly JobSummaryFragment[];
  readonly selected: string | null;
}

function Rows({ jobs, selected }: RowsProps) {
  const navigate = useNavigate();
  if (jobs.length === 0) {
    return (
      <Empty icon={Send} title={words.emptyTitle}>
        <p>{words.empty}</p>
      </Empty>
    );
  }
  return (
    <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: ROW_HEIGHT }}>
      <ListBox
        className="rows"
        aria-label={words.list}
        items={jobs}
        {...opensRow(selected, (key) => void navigate(`/send/${key}`))}
      >
        {(job) => (
          <ListBoxItem id={job.id} className="row" textValue={nameOf(job)}>
            <JobRow job={job} />
          </ListBoxItem>
        )}
      </ListBox>
    </Virtualizer>
  );
}

function JobRow({ job }: { readonly job: JobSummaryFragment }) {
  useJobProgress(job);
  return (
    <span className="row-main job-row">
      <span className="row-line">
        <span className="row-name">{nameOf(job)}</span>
        <Time at={job.createdAt} />
      </span>
      <span className="row-line">
        <Progress counts={job.counts} />
        <StateBadge state={job.state} />
      </span>
    </span>
  );
}
