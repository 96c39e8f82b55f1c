import { useMutation } from "@apollo/client/react";
import { SettleAttemptDocument, UncertainDocument } from "../generated/ops.ts";
import { Ask } from "../parts/ask.tsx";
import { showNumber } from "../parts/person.tsx";
import { Problem } from "../parts/state.tsx";
import { UserErrors } from "../parts/user-errors.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { type Attempt, textOf } from "./attempt.ts";

const words = strings.ops.decision;

interface Props {
  readonly attempt: Attempt;
  readonly outcome: "SENT" | "NOT_SENT";
  readonly onSettled: (sentence: string) => void;
}

/** A button for one of the two decisions, and the question before it is made: it cannot be taken back. */
export function Decision({ attempt, outcome, onSettled }: Props) {
  const may = useMay();
  const [settle, { data, error, loading, reset }] = useMutation(SettleAttemptDocument, {
    refetchQueries: [UncertainDocument],
  });
  const { title, meaning, confirm, said, button } = words[outcome];
  const { idempotencyKey, startedAt, outgoingMessage, jobRow } = attempt;
  const text = textOf(attempt);
  const recipient = outgoingMessage?.toPhoneNumber ?? jobRow?.recipient;

  async function decide(close: () => void) {
    try {
      const variables = { input: { attemptKey: idempotencyKey, startedAt, outcome }, withTexts: may("messages:read") };
      const { data: answer } = await settle({ variables });
      if (answer?.settleAttempt?.attempt) {
        close();
        onSettled(said);
      }
    } catch {
      // Shown as `error`. To say it again is safe.
    }
  }

  return (
    <Ask
      button={button}
      title={title}
      cancel={words.cancel}
      confirm={confirm}
      confirmClass="button button-primary"
      isPending={loading}
      onConfirm={(close) => void decide(close)}
      onOpenChange={reset}
    >
      {recipient !== undefined && (
        <p>
          {words.to} {showNumber(recipient)}
        </p>
      )}
      {text !== null && <blockquote className="ops-text">{text}</blockquote>}
      <p>{meaning}</p>
      <p className="muted">{words.final}</p>
      <Problem error={error} />
      <UserErrors errors={data?.settleAttempt?.userErrors} />
    </Ask>
  );
}
