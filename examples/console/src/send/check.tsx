import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { CreateSendJobMutation } from "../generated/send.ts";
import { Ask } from "../parts/ask.tsx";
import { showNumber } from "../parts/person.tsx";
import { Problem, Skeleton } from "../parts/state.tsx";
import { useIsOnline } from "../shell/online.ts";
import { showCount, strings } from "../strings.ts";
import type { SendDraft } from "./draft.ts";
import { reasonOf } from "./reason.ts";
import { nameFrom } from "./row-name.ts";
import { Sleepers } from "./sleepers.tsx";
import { useCheck, useSubmit } from "./submit.ts";
import { TestSend } from "./test-send.tsx";

const words = strings.send;

type JobCheck = NonNullable<NonNullable<CreateSendJobMutation["createSendJob"]>["check"]>;

/** What the draft would do, row by row, before anybody is texted; then the send itself, which asks once more. */
export function Check({ draft }: { readonly draft: SendDraft }) {
  const isOnline = useIsOnline();
  const { check, error, refusal, retry } = useCheck(draft);
  const submission = useSubmit(draft);
  const isSubmitted = draft.step === "submitted";
  const accepted = check?.acceptedCount ?? 0;

  return (
    <>
      <Problem error={error} onRetry={retry} />
      <Problem error={submission.error} />
      {[refusal, submission.refusal].map(
        (sentence, index) =>
          sentence !== null && (
            <p className="banner banner-danger" role="alert" key={index === 0 ? "check" : "send"}>
              {sentence}
            </p>
          ),
      )}
      {isSubmitted && !submission.isPending && (
        <p className="banner banner-warn" role="status">
          {words.uncertain}
        </p>
      )}
      {check === null ? (
        error === undefined && refusal === null && <Checking />
      ) : (
        <Findings check={check} draft={draft} />
      )}
      <footer className="pane-foot actions">
        <Button className="button" isDisabled={isSubmitted} onPress={() => draft.change({ step: "write" })}>
          {words.edit}
        </Button>
        {isSubmitted ? (
          <Button
            className="button button-primary"
            isDisabled={!isOnline || submission.isPending}
            onPress={submission.submit}
          >
            {submission.isPending ? words.submitting : strings.states.retry}
          </Button>
        ) : (
          <Ask
            button={words.submit(accepted)}
            buttonClass="button button-primary"
            isDisabled={accepted === 0 || !isOnline}
            title={words.confirmTitle(accepted)}
            cancel={words.notYet}
            confirm={words.submit(accepted)}
            confirmClass="button button-primary"
            onConfirm={(close) => {
              close();
              void submission.submit();
            }}
          >
            <p>
              {words.confirm(draft.line?.name ?? "")} {words.confirmHours[draft.hours]}
            </p>
          </Ask>
        )}
      </footer>
    </>
  );
}

function Checking() {
  return (
    <>
      <p className="muted checking">{words.checking}</p>
      <Skeleton rows={3} />
    </>
  );
}

interface FindingsProps {
  readonly check: JobCheck;
  readonly draft: SendDraft;
}

function Findings({ check, draft }: FindingsProps) {
  const { acceptedCount, refusedCount, segmentCount, platformCallCount, previews, refusals } = check;
  return (
    <>
      {acceptedCount === 0 && (
        <p className="banner banner-danger" role="alert">
          {words.nobody}
        </p>
      )}
      <div className="tally" role="status">
        <Figure value={acceptedCount} isMain>
          {words.figures.accepted}
        </Figure>
        <Figure value={refusedCount}>{words.figures.refused}</Figure>
        <Figure value={segmentCount}>{words.figures.segments}</Figure>
        <Figure value={platformCallCount}>{words.figures.calls}</Figure>
      </div>
      {acceptedCount > 0 && <Sleepers check={check} hours={draft.hours} />}
      <div className="cards">
        {previews.length > 0 && (
          <section className="panel" aria-labelledby="previews-title">
            <h2 id="previews-title">{words.previews}</h2>
            <ul className="previews">
              {previews.map(({ row, recipient, preview }) => (
                <li key={row}>
                  <span className="muted">
                    {showNumber(recipient)} · {strings.inbox.segments(preview.segmentCount)}
                  </span>
                  <p className="bubble bubble-sent">{preview.text}</p>
                </li>
              ))}
            </ul>
          </section>
        )}
        {refusals.length > 0 && (
          <section className="panel" aria-labelledby="refusals-title">
            <h2 id="refusals-title">{words.refusals(refusedCount)}</h2>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable (axe: scrollable-region-focusable) */}
            <ul className="refusals" tabIndex={0} aria-labelledby="refusals-title">
              {refusals.map(({ row, line, recipient, code, message, values }) => (
                <li key={row}>
                  <span className="row-line">
                    <strong>{nameFrom(values) ?? (recipient === "" ? "–" : showNumber(recipient))}</strong>
                    <span className="muted">{line === null ? words.row(row) : words.line(line)}</span>
                  </span>
                  {nameFrom(values) !== null && <span>{showNumber(recipient)}</span>}
                  <span>{reasonOf(code, message)}</span>
                </li>
              ))}
            </ul>
            {refusedCount > refusals.length && <p className="muted">{words.firstRefusals(refusals.length)}</p>}
          </section>
        )}
        {previews[0] !== undefined && <TestSend text={previews[0].preview.text} lineId={draft.line?.id ?? ""} />}
      </div>
    </>
  );
}

interface FigureProps {
  readonly value: number;
  readonly isMain?: boolean;
  readonly children: ReactNode;
}

function Figure({ value, isMain = false, children }: FigureProps) {
  return (
    <p className={isMain ? "is-main" : undefined}>
      <strong>{showCount(value)}</strong> <span>{children}</span>
    </p>
  );
}
