import { useMutation } from "@apollo/client/react";
import { adviceOnUserError } from "@textgraph/client";
import { Download, Pause, Play, SearchX } from "lucide-react";
import { useState } from "react";
import {
  CancelJobDocument,
  JobDocument,
  type JobSummaryFragment,
  PauseJobDocument,
  ResumeJobDocument,
} from "../generated/send.ts";
import { Ask } from "../parts/ask.tsx";
import { PaneHead } from "../parts/pane-head.tsx";
import { PendingButton } from "../parts/pending-button.tsx";
import { useRead } from "../parts/read.ts";
import { Empty, Failed, Problem, Skeleton } from "../parts/state.tsx";
import { showMoment, showSoon } from "../parts/time.tsx";
import { useMay, useSession } from "../session.tsx";
import { useIsOnline } from "../shell/online.ts";
import { strings } from "../strings.ts";
import { downloadReport, FileError } from "./files.ts";
import { JobRows } from "./job-rows.tsx";
import { nameOf, Progress, StateBadge, useJobProgress } from "./job-state.tsx";

const words = strings.send;

/** One job as it goes on: how far it is, what it waits for, and what became of each row. */
export function JobPage({ id }: { readonly id: string }) {
  const { data, error, loading, refetch } = useRead(JobDocument, {
    variables: { id },
    fetchPolicy: "cache-and-network",
  });
  const job = data?.job;
  return (
    <section className="thread person job" aria-labelledby="job-title">
      <PaneHead
        id="job-title"
        title={job ? nameOf(job) : words.one}
        line={job && <span className="muted">{madeBy(job)}</span>}
        back={{ to: "/send", label: words.back }}
      />
      {error !== undefined && !job ? (
        <Failed error={error} title={words.jobFailedTitle} onRetry={() => void refetch()} />
      ) : (
        <Problem error={error} onRetry={() => void refetch()} />
      )}
      {loading && data === undefined && <Skeleton rows={2} of="cards" />}
      {data?.job === null && error === undefined && (
        <Empty icon={SearchX} title={words.missingTitle}>
          <p>{words.missing}</p>
        </Empty>
      )}
      {job && <Job job={job} />}
    </section>
  );
}

function madeBy({ createdAt, createdBy }: JobSummaryFragment): string {
  return words.made(showMoment(createdAt), createdBy.replace(/^(key|token):/, ""));
}

function Job({ job }: { readonly job: JobSummaryFragment }) {
  useJobProgress(job);
  const may = useMay();
  const { counts } = job;
  return (
    <>
      <div className="job-head">
        <section className="panel" aria-labelledby="progress-title">
          <div className="panel-head">
            <h2 id="progress-title">{words.progress}</h2>
            <StateBadge state={job.state} />
          </div>
          <Progress counts={counts} isLarge />
          <p className="muted" role="status">
            {noteOf(job)}
          </p>
          {counts.unknown > 0 && <p className="banner banner-warn">{words.unknownNote(counts.unknown)}</p>}
          <div className="job-actions">
            {may("messages:send") && <Controls job={job} />}
            <Report job={job} />
          </div>
        </section>
        {job.text !== null && (
          <section className="panel" aria-labelledby="text-title">
            <h2 id="text-title">{words.text}</h2>
            <p className="bubble bubble-sent">{job.text}</p>
          </section>
        )}
      </div>
      <JobRows job={job} />
    </>
  );
}

/** What the job waits for, or why it does not go on; empty while it goes on or when it is done. */
function noteOf({ state, waitsFor, resumesAt, counts }: JobSummaryFragment): string {
  if (waitsFor !== null && resumesAt !== null) {
    return words.waits[waitsFor](showSoon(resumesAt));
  }
  return state === "PAUSED" ? words.pausedNote : state === "CANCELLED" ? words.cancelledNote(counts.cancelled) : "";
}

function Controls({ job: { id, state, counts } }: { readonly job: JobSummaryFragment }) {
  const isOnline = useIsOnline();
  const options = { variables: { input: { id } } };
  const [pause, paused] = useMutation(PauseJobDocument, options);
  const [resume, resumed] = useMutation(ResumeJobDocument, options);
  const [cancel, cancelled] = useMutation(CancelJobDocument, options);
  const problems = [paused.data?.pauseJob, resumed.data?.resumeJob, cancelled.data?.cancelJob].flatMap(
    (answer) => answer?.userErrors ?? [],
  );
  const isPaused = state === "PAUSED";
  // What fails is shown as `error`.
  const run = (act: () => Promise<unknown>) => void act().catch(() => undefined);
  if (state === "COMPLETED" || state === "CANCELLED") {
    return null;
  }
  return (
    <>
      <PendingButton
        className="button button-primary"
        isDisabled={!isOnline}
        isPending={paused.loading || resumed.loading}
        onPress={() => run(isPaused ? resume : pause)}
      >
        {isPaused ? <Play aria-hidden size={16} /> : <Pause aria-hidden size={16} />}
        {isPaused ? words.resume : words.pause}
      </PendingButton>
      <Ask
        button={words.stop}
        buttonClass="button button-danger"
        isDisabled={!isOnline}
        title={words.stopTitle}
        cancel={words.stopNot}
        confirm={words.stop}
        confirmClass="button button-danger"
        onConfirm={(close) => {
          close();
          run(cancel);
        }}
      >
        <p>{words.stopText(counts.waiting)}</p>
      </Ask>
      <Problem error={paused.error ?? resumed.error ?? cancelled.error} />
      {problems.map(({ code }) => (
        <p className="banner banner-danger" role="alert" key={code}>
          {adviceOnUserError(code).show}
        </p>
      ))}
    </>
  );
}

function Report({ job }: { readonly job: JobSummaryFragment }) {
  const { credentials } = useSession();
  const [problem, setProblem] = useState<string | null>(null);
  const [isPending, setPending] = useState(false);

  async function save() {
    setPending(true);
    setProblem(null);
    try {
      const name = nameOf(job)
        .replace(/[^\p{L}\p{N}]+/gu, "-")
        .slice(0, 60);
      await downloadReport(credentials, job.resultsPath, `${job.createdAt.slice(0, 10)}-${name}.csv`);
    } catch (error) {
      setProblem(error instanceof FileError ? error.message : words.reportFailed);
    } finally {
      setPending(false);
    }
  }

  return (
    <>
      <PendingButton className="button" isPending={isPending} onPress={() => void save()}>
        <Download aria-hidden size={16} />
        {words.report}
      </PendingButton>
      {problem !== null && (
        <p className="banner banner-danger" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
