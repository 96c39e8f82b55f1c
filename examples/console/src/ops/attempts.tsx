import { CircleCheck } from "lucide-react";
import { useRef, useState } from "react";
import { Link } from "react-router";
import { showNumber } from "../parts/person.tsx";
import { showMoment } from "../parts/time.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { type Attempt, textOf } from "./attempt.ts";
import { Decision } from "./decision.tsx";

const words = strings.ops.attempts;

interface Props {
  readonly attempts: readonly Attempt[];
  readonly total: number;
  readonly onSettled: () => void;
}

/** What may or may not have gone out, until somebody has looked and decided. */
export function Attempts({ attempts, total, onSettled }: Props) {
  const may = useMay();
  const heading = useRef<HTMLHeadingElement>(null);
  const [said, setSaid] = useState("");

  function settled(sentence: string) {
    setSaid(sentence);
    // The button that was pressed goes away with its row.
    heading.current?.focus();
    onSettled();
  }

  return (
    <section className="panel ops-wide" aria-labelledby="attempts-title">
      <div className="ops-head">
        <h2 id="attempts-title" ref={heading} tabIndex={-1}>
          {words.title}
        </h2>
        {total > 0 && <span className="badge badge-warn">{words.count(total)}</span>}
      </div>
      <p className="ops-said is-ok" role="status">
        {said}
      </p>
      {total === 0 ? (
        <p className="ops-state muted">
          <CircleCheck aria-hidden size={18} />
          {words.none}
        </p>
      ) : (
        <p className="muted">{may("attempts:write") ? words.lead : words.leadReader}</p>
      )}
      {attempts.length > 0 && (
        <ul className="ops-list" aria-label={words.title}>
          {attempts.map((attempt) => (
            <Row key={`${attempt.idempotencyKey} ${attempt.startedAt}`} attempt={attempt} onSettled={settled} />
          ))}
        </ul>
      )}
      {total > attempts.length && <p className="muted">{words.more(total - attempts.length)}</p>}
    </section>
  );
}

function Row({ attempt, onSettled }: { readonly attempt: Attempt; readonly onSettled: (sentence: string) => void }) {
  const may = useMay();
  const { mutation, startedAt, calledBy, outgoingMessage, jobRow, idempotencyKey } = attempt;
  const text = textOf(attempt);
  const job = outgoingMessage?.job;
  return (
    <li className="ops-attempt">
      <div className="ops-attempt-main">
        <strong>
          {words.kinds[mutation] ?? mutation}
          {outgoingMessage ? (
            <>
              {" "}
              {words.to}{" "}
              <Link to={`/inbox/${outgoingMessage.toPhoneNumber}`}>{showNumber(outgoingMessage.toPhoneNumber)}</Link>
            </>
          ) : (
            jobRow && ` ${words.to} ${showNumber(jobRow.recipient)}`
          )}
        </strong>
        {text !== null && <p className="ops-text">{text}</p>}
        <p className="muted ops-meta">
          {words.by(nameOf(calledBy), showMoment(startedAt))}
          {jobRow && (
            <>
              {" · "}
              {job ? (
                <Link to={`/send/${job.id}`}>{words.row(jobRow.number, job.name)}</Link>
              ) : (
                words.row(jobRow.number, null)
              )}
            </>
          )}
          {text === null && ` · ${words.key(idempotencyKey)}`}
        </p>
      </div>
      {may("attempts:write") && (
        <div className="ops-buttons">
          <Decision attempt={attempt} outcome="SENT" onSettled={onSettled} />
          <Decision attempt={attempt} outcome="NOT_SENT" onSettled={onSettled} />
        </div>
      )}
    </li>
  );
}

function nameOf(caller: string): string {
  return caller.replace(/^(key|token):/, "");
}
