import { useMutation } from "@apollo/client/react";
import { adviceOnUserError } from "@textgraph/client";
import { type FormEvent, useState } from "react";
import { Button, Form, Input, Label, TextField } from "react-aria-components";
import { SetOptOutDocument } from "../generated/operations.ts";
import { Problem } from "../parts/state.tsx";
import { showMoment } from "../parts/time.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";

const words = strings.people;

interface Props {
  readonly phoneNumber: string;
  readonly optedOutAt: string | null;
}

/** Whether the person may be texted, and the decision about it, with its reason. */
export function OptOut({ phoneNumber, optedOutAt }: Props) {
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
      <p role="status">{isOptedOut ? words.mayNotText(showMoment(optedOutAt)) : words.mayText}</p>
      <Problem error={error} />
      {data?.setOptOut?.userErrors.map(({ code }) => (
        <p className="banner banner-danger" role="alert" key={code}>
          {adviceOnUserError(code).show}
        </p>
      ))}
      {may("opt-outs:write") && (
        <Form className="fields" onSubmit={submit}>
          <TextField className="field" value={reason} onChange={setReason} isRequired>
            <Label>{words.reason}</Label>
            <Input />
          </TextField>
          <div className="composer-foot">
            <span />
            <Button className="button" type="submit" isDisabled={reason.trim() === ""} isPending={loading}>
              {isOptedOut ? words.allow : words.forbid}
            </Button>
          </div>
        </Form>
      )}
    </section>
  );
}
