import { useMutation } from "@apollo/client/react";
import { type FormEvent, useState } from "react";
import { FieldError, Input, Label, TextField } from "react-aria-components";
import { Link } from "react-router";
import { type OptOutDecisionFragment, SetOptOutDocument } from "../generated/people.ts";
import { PendingButton } from "../parts/pending-button.tsx";
import { Problem, Unreadable } from "../parts/state.tsx";
import { showMoment } from "../parts/time.tsx";
import { ErrorForm } from "../parts/user-errors.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";

const words = strings.people;
const FIELDS = ["reason"];

interface Props {
  readonly phoneNumber: string;
  readonly optedOutAt: string | null;
  /** Null if the person may be texted. */
  readonly decision: OptOutDecisionFragment | null;
  /** Nobody can tell at the moment. */
  readonly isUnread: boolean;
}

/** Whether the person may be texted, and the decision about it, with its reason. */
export function OptOut({ phoneNumber, optedOutAt, decision, isUnread }: Props) {
  const may = useMay();
  const [reason, setReason] = useState("");
  const [decide, { data, error, loading }] = useMutation(SetOptOutDocument);
  const isOptedOut = optedOutAt !== null;

  async function submit(event: FormEvent) {
    event.preventDefault();
    try {
      const input = { phoneNumber, isOptedOut: !isOptedOut, reason };
      const { data: answer } = await decide({ variables: { input } });
      if (answer?.setOptOut?.person) {
        setReason("");
      }
    } catch {
      // Shown as `error`; the reason stays.
    }
  }

  return (
    <section className="panel" aria-labelledby="opt-out-title">
      <h2 id="opt-out-title">{words.texting}</h2>
      {isUnread ? (
        <Unreadable>{words.optOutUnread}</Unreadable>
      ) : (
        <p role="status">{isOptedOut ? words.mayNotText(showMoment(optedOutAt)) : words.mayText}</p>
      )}
      {isOptedOut && decision && <Decision decision={decision} />}
      {isOptedOut && may("messages:read") && <Link to={`/inbox/${phoneNumber}`}>{words.readTexts}</Link>}
      <Problem error={error} />
      {may("opt-outs:write") && !isUnread && (
        <ErrorForm onSubmit={submit} errors={data?.setOptOut?.userErrors} fields={FIELDS}>
          <TextField className="field" name="reason" value={reason} onChange={setReason} isRequired>
            <Label>{words.reason}</Label>
            <Input />
            <FieldError className="field-error" />
          </TextField>
          <div className="composer-foot">
            <span />
            <PendingButton className="button" type="submit" isDisabled={reason.trim() === ""} isPending={loading}>
              {isOptedOut ? words.allow : words.forbid}
            </PendingButton>
          </div>
        </ErrorForm>
      )}
    </section>
  );
}

/** Why somebody must not be texted, and who said so. */
function Decision({ decision: { source, reason, decidedBy } }: { readonly decision: OptOutDecisionFragment }) {
  const who = decidedBy === "anonymous" ? words.decidedByAnybody : decidedBy?.replace(/^(key|token):/, "");
  return (
    <dl>
      <dt>{words.decidedReason}</dt>
      <dd>{reason}</dd>
      <dt>{words.decidedBy}</dt>
      <dd>{source === "RECEIVED" ? words.decidedByText : (who ?? words.unknown)}</dd>
    </dl>
  );
}
