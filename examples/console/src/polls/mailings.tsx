import { CalendarClock } from "lucide-react";
import { PollMailingsDocument, type PollMailingsQuery } from "../generated/polls.ts";
import type { Draft } from "../parts/draft.ts";
import { useRead } from "../parts/read.ts";
import { hasFailed, Problem, Skeleton } from "../parts/state.tsx";
import { Moment } from "../parts/time.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { MailingForm, type MailingValue } from "./mailing-form.tsx";

const words = strings.polls;

interface Props {
  readonly pollId: string;
  /** The text that people get; null if it is not known. */
  readonly firstQuestion: string | null;
  readonly draft: Draft<MailingValue>;
}

/** When the poll was sent and will be, and to whom; and the form for another time. */
export function Mailings({ pollId, firstQuestion, draft }: Props) {
  const may = useMay();
  const { data, error, loading, refetch } = useRead(PollMailingsDocument, {
    variables: { id: pollId, withGroups: may("groups:read") },
  });
  const mailings = data?.poll?.mailings;
  return (
    <section className="panel" aria-labelledby="mailings-title">
      <h2 id="mailings-title">{words.mailings}</h2>
      <Problem error={error} onRetry={() => void refetch()} />
      {loading && mailings === undefined && <Skeleton rows={2} />}
      {mailings?.length === 0 && <p className="muted">{words.noMailings}</p>}
      {mailings && mailings.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable (axe: scrollable-region-focusable)
        <ul className="mailings" aria-label={words.mailings} tabIndex={0}>
          {mailings.toSorted(bySendAt).map((mailing) => (
            <li key={mailing.id}>
              <CalendarClock aria-hidden size={18} />
              <div>
                {mailing.sendAt === null ? words.unscheduled : <Moment at={mailing.sendAt} />}
                <p className="muted">
                  {hasFailed(error, "poll.mailings.groups") ? words.groupsUnread : recipientsOf(mailing)}
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
      {may("mailings:write") && may("messages:send") && (
        <MailingForm pollId={pollId} firstQuestion={firstQuestion} draft={draft} onScheduled={() => void refetch()} />
      )}
    </section>
  );
}

type Mailing = NonNullable<NonNullable<PollMailingsQuery["poll"]>["mailings"]>[number];

/** The latest first; those without a time at the end. */
function bySendAt(a: Mailing, b: Mailing): number {
  return (b.sendAt ?? "").localeCompare(a.sendAt ?? "");
}

function recipientsOf({ groups, recipientCount }: Mailing): string {
  const names = (groups ?? []).map(({ id, name }) => name?.trim() || id);
  return [...names, ...(recipientCount ? [words.numbers(recipientCount)] : [])].join(", ") || words.nobody;
}
