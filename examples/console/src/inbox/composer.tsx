import { useMutation } from "@apollo/client/react";
import { adviceOnUserError } from "@textgraph/client";
import { Ban } from "lucide-react";
import { useEffect, useState } from "react";
import { Form, Label, TextArea, TextField } from "react-aria-components";
import { SendDocument } from "../generated/inbox.ts";
import { isText, useDraft } from "../parts/draft.ts";
import { useOneAtATime } from "../parts/one-at-a-time.ts";
import { PendingButton } from "../parts/pending-button.tsx";
import { Problem } from "../parts/state.tsx";
import { showMoment } from "../parts/time.tsx";
import { useIsOnline } from "../shell/online.ts";
import { strings } from "../strings.ts";
import { LineChoice } from "./line-choice.tsx";
import { useLines } from "./lines.ts";
import { Length, Underlined, usePreview } from "./preview.tsx";

const words = strings.inbox;

interface Props {
  readonly phoneNumber: string;
  /** The group that sent or received here last; null if there is none. */
  readonly usedLine: string | null;
  readonly optedOutAt: string | null;
  readonly onSent: () => void;
}

/** The box to answer in. A text keeps its key through all tries; whoever opted out cannot be written to. */
export function Composer({ phoneNumber, usedLine, optedOutAt, onSent }: Props) {
  const isOnline = useIsOnline();
  const draft = useDraft(phoneNumber, "", isText);
  const [chosenLine, setLine] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [send, { error, loading }] = useMutation(SendDocument);
  const onlyOne = useOneAtATime();
  const preview = usePreview(draft.value);
  const lines = useLines(chosenLine ?? usedLine);

  // Whatever was wrong with the last text is not wrong with this one.
  const { value: text } = draft;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it runs when the text changes
  useEffect(() => setRefusal(null), [text]);

  async function submit() {
    if (lines.line === null || text.trim() === "" || optedOutAt !== null) {
      return;
    }
    try {
      const input = {
        from: { groupId: lines.line.id },
        recipient: { phoneNumber },
        text,
        idempotencyKey: draft.idempotencyKey,
      };
      const { data: sent } = await send({ variables: { input } });
      const problem = sent?.sendMessage?.userErrors[0];
      if (sent?.sendMessage && (problem === undefined || problem.code === "OUTCOME_UNKNOWN")) {
        // It stands in the conversation now, with its outcome.
        draft.renew("");
      } else if (problem !== undefined) {
        const advice = adviceOnUserError(problem.code);
        setRefusal(advice.show);
        if (advice.key === "new") {
          draft.renew(text);
        }
      }
    } catch {
      // Shown as `error`. Text and key stay, so that another try sends nothing twice.
    } finally {
      onSent();
    }
  }

  if (optedOutAt !== null) {
    return (
      <p className="banner banner-danger blocked" role="alert">
        <Ban aria-hidden size={18} />
        {words.blocked(showMoment(optedOutAt))}
      </p>
    );
  }
  const isReady = text.trim() !== "" && lines.line !== null && isOnline && preview?.isTruncated !== true;
  return (
    <Form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void onlyOne(submit);
      }}
    >
      <Problem error={error} />
      {refusal !== null && (
        <p className="banner banner-danger" role="alert">
          {refusal}
        </p>
      )}
      <LineChoice lines={lines} onChoose={setLine} />
      <TextField className="composer-text" value={text} onChange={draft.change}>
        <Label className="visually-hidden">{words.message}</Label>
        <Underlined text={text} characters={preview?.nonGsmCharacters ?? []} />
        <TextArea
          placeholder={words.placeholder}
          rows={3}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
              event.currentTarget.form?.requestSubmit();
            }
          }}
        />
      </TextField>
      <div className="composer-foot">
        <Length preview={preview} />
        <PendingButton className="button button-primary" type="submit" isDisabled={!isReady} isPending={loading}>
          {loading ? words.sending : words.send}
        </PendingButton>
      </div>
    </Form>
  );
}
