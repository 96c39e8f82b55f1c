import { Ban, Check, CircleAlert, Clock, LoaderCircle, TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import {
  Button,
  GridList,
  GridListItem,
  ListLayout,
  ToggleButton,
  ToggleButtonGroup,
  Virtualizer,
} from "react-aria-components";
import { useNavigate } from "react-router";
import { JobRowsDocument, type JobRowsQuery, type JobSummaryFragment } from "../generated/send.ts";
import { showNumber } from "../parts/person.tsx";
import { useRead } from "../parts/read.ts";
import { Problem, Skeleton } from "../parts/state.tsx";
import { showSoon, Time } from "../parts/time.tsx";
import { useGathered } from "../parts/timing.ts";
import { showCount, strings } from "../strings.ts";
import { reasonOf } from "./reason.ts";
import { nameFrom } from "./row-name.ts";

const words = strings.send;
const PAGE = 50;
const LARGEST_PAGE = 100;
const ROW_HEIGHT = 64;
/** Rows are read again at most so often while a job goes on. */
const GATHER_MS = 1_500;

type Row = NonNullable<NonNullable<NonNullable<JobRowsQuery["job"]>["rows"]>["nodes"]>[number];

const FILTERS = ["all", "waiting", "accepted", "refused", "unknown", "cancelled"] as const;
type Filter = (typeof FILTERS)[number];

const STATES = {
  all: null,
  waiting: ["WAITING", "IN_PROGRESS"],
  accepted: ["ACCEPTED"],
  refused: ["REFUSED"],
  unknown: ["UNKNOWN"],
  cancelled: ["CANCELLED"],
} as const satisfies Record<Filter, readonly Row["state"][] | null>;

const ICONS = {
  WAITING: Clock,
  IN_PROGRESS: LoaderCircle,
  ACCEPTED: Check,
  REFUSED: CircleAlert,
  UNKNOWN: TriangleAlert,
  CANCELLED: Ban,
} as const;

/** What became of each row, by outcome. */
export function JobRows({ job }: { readonly job: JobSummaryFragment }) {
  const navigate = useNavigate();
  const [filter, setFilter] = useState<Filter>("all");
  const states = STATES[filter];
  const { data, previousData, error, refetch, fetchMore } = useRead(JobRowsDocument, {
    variables: { id: job.id, first: PAGE, filter: states === null ? null : { states } },
    fetchPolicy: "cache-and-network",
  });
  const page = (data ?? previousData)?.job?.rows;
  const rows = page?.nodes ?? [];
  const { counts } = job;
  const total = { all: counts.total, ...counts };

  // Further pages that somebody has asked for stay as they are until the job is over.
  const isLong = rows.length > LARGEST_PAGE && counts.waiting > 0;
  const first = Math.min(LARGEST_PAGE, Math.max(PAGE, rows.length));
  const isOver = job.state === "COMPLETED" || job.state === "CANCELLED";
  useChanges(`${counts.waiting} ${job.state}`, isOver, () => void (isLong || refetch({ first })));

  return (
    <section className="panel job-rows" aria-labelledby="rows-title">
      <div className="job-rows-head">
        <h2 id="rows-title">{words.rows}</h2>
        <ToggleButtonGroup
          className="segmented"
          aria-label={words.filter}
          disallowEmptySelection
          selectedKeys={[filter]}
          onSelectionChange={([key]) => setFilter(FILTERS.find((each) => each === key) ?? "all")}
        >
          {FILTERS.filter((each) => each === "all" || each === filter || total[each] > 0).map((each) => (
            <ToggleButton key={each} id={each}>
              {words.filters[each]} <span className="muted">{showCount(total[each])}</span>
            </ToggleButton>
          ))}
        </ToggleButtonGroup>
      </div>
      <Problem error={error} onRetry={() => void refetch()} />
      {page === undefined && error === undefined && <Skeleton rows={3} />}
      {page && (
        <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: ROW_HEIGHT }}>
          <GridList
            className="rows"
            aria-label={words.rows}
            items={rows.map((row) => ({ ...row, id: row.number }))}
            renderEmptyState={() => <p className="muted">{words.noRows}</p>}
          >
            {(row) => (
              <GridListItem
                className="row outcome-row"
                textValue={`${nameFrom(row.values) ?? ""} ${row.recipient} ${outcomeOf(row)}`}
                {...(row.person && { onAction: () => void navigate(`/inbox/${row.person?.phoneNumber}`) })}
              >
                <Outcome row={row} />
              </GridListItem>
            )}
          </GridList>
        </Virtualizer>
      )}
      {page?.pageInfo.hasNextPage && (
        <Button
          className="button"
          onPress={() => void fetchMore({ variables: { first: LARGEST_PAGE, after: page.pageInfo.endCursor ?? null } })}
        >
          {words.moreRows}
        </Button>
      )}
    </section>
  );
}

/** What became of a row, and why. */
function outcomeOf({ state, code, message, resumesAt }: Row): string {
  if (state === "REFUSED") {
    return `${words.rowStates.REFUSED}. ${reasonOf(code, message)}`;
  }
  return resumesAt !== null && state === "WAITING" ? words.asleep(showSoon(resumesAt)) : words.rowStates[state];
}

function Outcome({ row }: { readonly row: Row }) {
  const Icon = ICONS[row.state];
  const outcome = outcomeOf(row);
  const name = nameFrom(row.values);
  const number = row.recipient === "" ? words.row(row.number) : showNumber(row.recipient);
  return (
    <>
      <Icon aria-hidden size={18} className={`outcome is-${row.state.toLowerCase()}`} />
      <span className="row-main">
        <span className="row-line">
          <span className="row-name">
            {name ?? number}
            {name !== null && <span className="muted"> {number}</span>}
          </span>
          {row.settledAt !== null && <Time at={row.settledAt} />}
        </span>
        <span className="row-text" title={outcome}>
          {outcome}
        </span>
      </span>
    </>
  );
}

/**
 * Calls `onChange` after `value` has changed: once for changes that come together, and after the last of them; at once if there
 * will be no other.
 */
function useChanges(value: string, isLast: boolean, onChange: () => void): void {
  const gather = useGathered(onChange, GATHER_MS);
  const latest = useRef(onChange);
  latest.current = onChange;
  const seen = useRef(value);
  useEffect(() => {
    if (seen.current !== value) {
      seen.current = value;
      (isLast ? latest.current : gather)();
    }
  }, [value, isLast, gather]);
}
