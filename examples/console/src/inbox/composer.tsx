import { Ban } from "lucide-react";
import { type RefObject, useState } from "react";
import { Form, Label, TextArea, TextField } from "react-aria-components";
import type { Draft } from "../parts/draft.ts";
import { PendingButton } from "../parts/pending-button.tsx";
import { showMoment } from "../parts/time.tsx";
import { useIsOnline } from "../shell/online.ts";
import { strings } from "../strings.ts";
import { LineChoice } from "./line-choice.tsx";
import { useLines } from "./lines.ts";
import { Length, Underlined, usePreview } from "./preview.tsx";
import type { Sending } from "./sending.ts";

const words = strings.inbox;
const isApple = /Mac|iP/.test(navigator.platform);

interface Props {
  readonly phoneNumber: string;
  /** A text keeps its key through all tries. It leaves the box when it stands in the conversation. */
  readonly draft: Draft<string>;
  readonly sending: Sending;
  readonly box: RefObject<HTMLTextAreaElement | null>;
  /** Number or id of the line that sent or received here last; null if none did, undefined if it cannot be read. */
  readonly usedLine: string | null | undefined;
  readonly optedOutAt: string | null;
}

/** The text that is sent: line breaks at its end are those that somebody made to send it. */
export const sentTextOf = (typed: string) => typed.trimEnd();

/** The box to answer in; whoever opted out cannot be written to. */
export function Composer({ phoneNumber, draft, sending, box, usedLine, optedOutAt }: Props) {
  const isOnline = useIsOnline();
  const [chosenLine, setLine] = useState<string | null>(null);
  const preview = usePreview(sentTextOf(draft.value));
  const lines = useLines(chosenLine, usedLine);
  const { value: typed, idempotencyKey } = draft;
  const isReady = typed.trim() !== "" && lines.line !== null && isOnline && preview?.isTruncated !== true;

  async function submit() {
    if (lines.line === null || !isReady) {
      return;
    }
    // The button is of no use, and without focus, once the box is empty.
    box.current?.focus();
    const from = { groupId: lines.line.id };
    const isForeign = await sending.send({ from, recipient: { phoneNumber }, text: sentTextOf(typed), idempotencyKey });
    if (isForeign) {
      draft.renew(typed);
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
  return (
    <Form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {sending.failure?.key === idempotencyKey && (
        <p className="banner banner-danger" role="alert">
          {sending.failure.sentence}
        </p>
      )}
      <LineChoice lines={lines} onChoose={setLine} />
      <TextField className="composer-text" value={typed} onChange={draft.change}>
        <Label className="visually-hidden">{words.message}</Label>
        <Underlined text={typed} characters={preview?.nonGsmCharacters ?? []} />
        <TextArea
          ref={box}
          placeholder={words.placeholderWithKeys(isApple ? "⌘" : words.control)}
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
        <PendingButton
          className="button button-primary"
          type="submit"
          isDisabled={!isReady}
          isPending={sending.isPending}
        >
          {sending.isPending ? words.sending : words.send}
        </PendingButton>
      </div>
    </Form>
  );
}
