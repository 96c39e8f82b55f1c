import { useSubscription } from "@apollo/client/react";
import { Label, ProgressBar } from "react-aria-components";
import { JobProgressDocument, type JobSummaryFragment } from "../generated/send.ts";
import { showCount, strings } from "../strings.ts";

const words = strings.send;

const LOOKS = { RUNNING: "accent", WAITING: "warn", PAUSED: "warn", CANCELLED: "danger", COMPLETED: "ok" } as const;

/** Follows a job as long as it goes on: what changes is in the cache, for all that show it. */
export function useJobProgress({ id, state, counts }: Pick<JobSummaryFragment, "id" | "state" | "counts">): void {
  useSubscription(JobProgressDocument, {
    variables: { id },
    skip: state === "COMPLETED" || (state === "CANCELLED" && counts.waiting === 0),
    ignoreResults: true,
  });
}

/** Its name, or the first words of its text. */
export function nameOf({ name, text }: Pick<JobSummaryFragment, "name" | "text">): string {
  return name ?? text ?? words.unnamed;
}

export function StateBadge({ state }: Pick<JobSummaryFragment, "state">) {
  return <span className={`badge badge-${LOOKS[state]}`}>{words.states[state]}</span>;
}

/** How many rows have an outcome, each outcome with its colour. What a stopped job left undone has none. */
export function Progress({
  counts,
  isLarge = false,
}: Pick<JobSummaryFragment, "counts"> & { readonly isLarge?: boolean }) {
  const { total, waiting, accepted, refused, unknown, cancelled } = counts;
  const done = total - waiting - cancelled;
  const parts = { ok: accepted, warn: unknown, danger: refused };
  return (
    <ProgressBar
      className={isLarge ? "progress is-large" : "progress"}
      value={done}
      maxValue={total}
      valueLabel={words.done(done, total)}
    >
      <Label className="visually-hidden">{words.progress}</Label>
      <span className="progress-bar" aria-hidden>
        {Object.entries(parts).map(([look, count]) => (
          <span key={look} className={`is-${look}`} style={{ width: `${(100 * count) / Math.max(1, total)}%` }} />
        ))}
      </span>
      <span className="muted" aria-hidden>
        {isLarge ? words.done(done, total) : showCount(total)}
      </span>
    </ProgressBar>
  );
}
