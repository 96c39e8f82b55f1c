import { useMutation } from "@apollo/client/react";
import { adviceOnUserError, newIdempotencyKey } from "@textgraph/client";
import { useRef, useState } from "react";
import { Form, Input, Label, Text, TextField } from "react-aria-components";
import { SendDocument } from "../generated/inbox.ts";
import { useOneAtATime } from "../parts/one-at-a-time.ts";
import { PendingButton } from "../parts/pending-button.tsx";
import { showNumber } from "../parts/person.tsx";
import { Problem } from "../parts/state.tsx";
import { useIsOnline } from "../shell/online.ts";
import { strings } from "../strings.ts";

const words = strings.send;
const STORED = "console.test-number";
const WHOLE_NUMBER = /^\+\d{7,15}$/;

interface Props {
  readonly text: string;
  readonly lineId: string;
}

/** One text to one's own number, as the first recipient would read it. */
export function TestSend({ text, lineId }: Props) {
  const isOnline = useIsOnline();
  const [typed, setTyped] = useState(() => sessionStorage.getItem(STORED) ?? "");
  const [sentTo, setSentTo] = useState<string | null>(null);
  const [send, { data, error, loading }] = useMutation(SendDocument);
  // One for each number: a second click, however late, is the same text to the same telephone.
  const key = useRef(newIdempotencyKey());
  const onlyOne = useOneAtATime();
  const phoneNumber = typed.replace(/[\s().-]/g, "");
  const problem = data?.sendMessage?.userErrors[0];

  async function submit() {
    if (!WHOLE_NUMBER.test(phoneNumber) || sentTo !== null) {
      return;
    }
    sessionStorage.setItem(STORED, typed);
    try {
      const input = { from: { groupId: lineId }, recipient: { phoneNumber }, text, idempotencyKey: key.current };
      const { data: sent } = await send({ variables: { input } });
      const [refusal] = sent?.sendMessage?.userErrors ?? [];
      if (sent?.sendMessage && refusal === undefined) {
        setSentTo(phoneNumber);
      } else if (refusal !== undefined && adviceOnUserError(refusal.code).key === "new") {
        key.current = newIdempotencyKey();
      }
    } catch {
      // Shown as `error`. The key stays for another try.
    }
  }

  return (
    <section className="panel" aria-labelledby="test-title">
      <h2 id="test-title">{words.test}</h2>
      <p className="muted">{words.testHint}</p>
      <Problem error={error} />
      {problem !== undefined && (
        <p className="banner banner-danger" role="alert">
          {adviceOnUserError(problem.code).show}
        </p>
      )}
      <Form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void onlyOne(submit);
        }}
      >
        <TextField
          className="field"
          type="tel"
          value={typed}
          onChange={(next) => {
            key.current = newIdempotencyKey();
            setSentTo(null);
            setTyped(next);
          }}
        >
          <Label>{words.testNumber}</Label>
          <Input autoComplete="tel" />
          <Text slot="description">{words.addPersonHint}</Text>
        </TextField>
        <div className="composer-foot">
          <span className="muted" role="status">
            {sentTo === null ? "" : words.testSent(showNumber(sentTo))}
          </span>
          <PendingButton
            className="button"
            type="submit"
            isDisabled={!WHOLE_NUMBER.test(phoneNumber) || !isOnline}
            isPending={loading || sentTo !== null}
          >
            {words.testSend}
          </PendingButton>
        </div>
      </Form>
    </section>
  );
}
