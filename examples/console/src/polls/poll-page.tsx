import { useSubscription } from "@apollo/client/react";
import { SearchX } from "lucide-react";
import { lazy, Suspense } from "react";
import {
  PollCompletedDocument,
  PollResultsDocument,
  type PollResultsQuery,
  type WrittenTextFragment,
} from "../generated/polls.ts";
import { useDraft } from "../parts/draft.ts";
import { PaneHead } from "../parts/pane-head.tsx";
import { useRead } from "../parts/read.ts";
import { Empty, Failed, Problem, Skeleton } from "../parts/state.tsx";
import { useAccountZone, useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { FreeTexts } from "./free-texts.tsx";
import { isMailing, NO_MAILING } from "./mailing-form.tsx";
import { Mailings } from "./mailings.tsx";
import { NonRespondents } from "./non-respondents.tsx";

const words = strings.polls;
/** Recharts is large, and only this page needs it. */
const Bars = lazy(async () => ({ default: (await import("./bars.tsx")).Bars }));

type Poll = NonNullable<PollResultsQuery["poll"]>;
export type QuestionResult = NonNullable<Poll["results"]>["questions"][number];

/** Everything that was written in answer to a question; null if not all answers of the poll are here. */
function answersTo({ question }: QuestionResult, { responses }: Poll): readonly WrittenTextFragment[] | null {
  return responses === null || responses.totalCount > responses.nodes.length
    ? null
    : responses.nodes.filter((response) => response.question?.id === question.id);
}

/** The answers to one poll, read again when somebody has completed it. */
export function PollPage({ id }: { readonly id: string }) {
  const { data, error, loading, refetch } = useRead(PollResultsDocument, { variables: { id } });
  useSubscription(PollCompletedDocument, { variables: { pollId: id }, onData: () => void refetch() });
  const poll = data?.poll;
  const may = useMay();
  const timeZone = useAccountZone();
  const draft = useDraft(`mailing.${id}`, { ...NO_MAILING, timeZone }, isMailing);
  const mayMail = may("mailings:read") && may("mailings:write") && may("messages:send");
  return (
    <section className="thread person" aria-labelledby="poll-title">
      <PaneHead
        id="poll-title"
        title={poll ? (poll.title ?? words.untitled) : words.one}
        back={{ to: "/polls", label: words.back }}
        line={
          poll?.results && (
            <span className="muted" role="status">
              {words.summary(poll.results.respondentCount, poll.results.replyCount)}
            </span>
          )
        }
      />
      {error !== undefined && !poll ? (
        <Failed error={error} title={words.pollFailedTitle} onRetry={() => void refetch()} />
      ) : (
        <Problem error={error} onRetry={() => void refetch()} />
      )}
      {loading && data === undefined && <Skeleton rows={4} of="cards" />}
      {data?.poll === null && error === undefined && (
        <Empty icon={SearchX} title={words.missingTitle}>
          <p>{words.missing}</p>
        </Empty>
      )}
      {poll && !poll.results && <p className="banner banner-warn">{words.noResults}</p>}
      <div className="cards">
        {poll?.results?.questions.map((result) => (
          <section className="panel" key={result.question.id} aria-label={result.question.text ?? words.untitled}>
            <h2>{result.question.text}</h2>
            <p className="muted">{words.answered(result.respondentCount)}</p>
            {result.options.length > 0 ? (
              <Suspense fallback={<Skeleton rows={result.options.length} of="lines" />}>
                <Bars result={result} />
              </Suspense>
            ) : (
              <FreeTexts
                pollId={id}
                questionId={result.question.id}
                question={result.question.text ?? result.question.id}
                all={answersTo(result, poll)}
                replyCount={poll.results?.replyCount ?? 0}
              />
            )}
          </section>
        ))}
        {poll && may("groups:read") && may("participants:read") && (
          <NonRespondents
            pollId={id}
            onRemind={mayMail ? (phoneNumbers) => draft.change({ ...draft.value, phoneNumbers }) : null}
          />
        )}
        {poll && may("mailings:read") && (
          <Mailings pollId={id} firstQuestion={poll.results?.questions[0]?.question.text ?? null} draft={draft} />
        )}
      </div>
    </section>
  );
}
