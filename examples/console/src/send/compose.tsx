import { Lock } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button, Input, Label, Radio, RadioGroup, TextField } from "react-aria-components";
import { LineChoice } from "../inbox/line-choice.tsx";
import { useLines } from "../inbox/lines.ts";
import { Ask } from "../parts/ask.tsx";
import { PaneHead } from "../parts/pane-head.tsx";
import { showNumber } from "../parts/person.tsx";
import { Empty } from "../parts/state.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { Check } from "./check.tsx";
import { columnsOf, hasRecipients, type SendDraft, useSendDraft } from "./draft.ts";
import { partsOf } from "./placeholders.ts";
import { RecipientsChoice } from "./recipients.tsx";
import { problemOf, TextBox } from "./text-box.tsx";

const words = strings.send;
const LONGEST_NAME = 200;

/** A text to many: written, then checked, then sent. */
export function Compose() {
  const may = useMay();
  const draft = useSendDraft();
  const title = draft.step === "write" ? words.compose : words.checkTitle;
  // The button that led here is gone, and the focus with it.
  const shown = useRef(draft.step);
  useEffect(() => {
    if (shown.current !== draft.step && draft.step !== "submitted") {
      document.getElementById("compose-title")?.focus();
    }
    shown.current = draft.step;
  }, [draft.step]);
  return (
    <section className="thread person" aria-labelledby="compose-title">
      <PaneHead id="compose-title" title={title} back={{ to: "/send", label: words.back }}>
        {draft.step === "write" && (
          <Ask
            button={words.startOver}
            title={words.startOverTitle}
            cancel={words.keepDraft}
            confirm={words.startOver}
            confirmClass="button button-danger"
            onConfirm={(close) => {
              close();
              draft.startOver();
            }}
          >
            <p>{words.startOverText}</p>
          </Ask>
        )}
      </PaneHead>
      {!(may("messages:send") && may("groups:read")) ? (
        <Empty icon={Lock} title={strings.states.forbiddenTitle}>
          <p>{may("messages:send") ? words.noLines : strings.states.forbidden}</p>
        </Empty>
      ) : draft.step === "write" ? (
        <Writing draft={draft} />
      ) : (
        <Check draft={draft} />
      )}
    </section>
  );
}

function Writing({ draft }: { readonly draft: SendDraft }) {
  const lines = useLines(draft.line?.id ?? null);
  const { all, line } = lines;
  const columns = columnsOf(draft.recipients);
  const { text, recipients, change } = draft;
  const isReady =
    line !== null && hasRecipients(recipients) && text.trim() !== "" && problemOf(partsOf(text), columns) === null;

  function check() {
    if (line !== null) {
      const name = [line.name, showNumber(line.displayPhoneNumber ?? "")].filter((part) => part !== null).join(", ");
      change({ step: "check", line: { id: line.id, name } });
    }
  }

  return (
    <>
      <div className="cards compose">
        <section className="panel" aria-labelledby="who-title">
          <h2 id="who-title">{words.who}</h2>
          <RecipientsChoice recipients={recipients} onChange={draft.changeRecipients} />
        </section>
        <section className="panel" aria-labelledby="what-title">
          <h2 id="what-title">{words.what}</h2>
          <LineChoice
            lines={lines}
            onChoose={(id) => change({ line: { id, name: all.find((each) => each.id === id)?.name ?? id } })}
          />
          <TextBox
            text={text}
            columns={columns}
            missing={recipients.kind === "list" && recipients.pasted.trim() !== "" ? words.usePastedFirst : null}
            onChange={(next) => change({ text: next })}
          />
          <TextField
            className="field"
            value={draft.name}
            maxLength={LONGEST_NAME}
            onChange={(name) => change({ name })}
          >
            <Label>{words.name}</Label>
            <Input autoComplete="off" />
          </TextField>
          <RadioGroup
            className="radios"
            value={draft.hours}
            onChange={(hours) => change({ hours: hours === "any" ? "any" : "night" })}
          >
            <Label>{words.hours}</Label>
            {(["night", "any"] as const).map((each) => (
              <Radio key={each} value={each} className="radio">
                {words.hoursKinds[each]}
              </Radio>
            ))}
          </RadioGroup>
        </section>
      </div>
      <footer className="pane-foot actions">
        <span />
        <Button className="button button-primary" isDisabled={!isReady} onPress={check}>
          {words.check}
        </Button>
      </footer>
    </>
  );
}
