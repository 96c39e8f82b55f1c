import { skipToken, useMutation } from "@apollo/client/react";
import { X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "react-aria-components";
import { TextizenGroupsDocument } from "../generated/people.ts";
import { CreateMailingDocument } from "../generated/polls.ts";
import { Ask } from "../parts/ask.tsx";
import { Choice } from "../parts/choice.tsx";
import { type Draft, mayBeDone } from "../parts/draft.ts";
import { useOneAtATime } from "../parts/one-at-a-time.ts";
import { useRead } from "../parts/read.ts";
import { Problem } from "../parts/state.tsx";
import { showMomentIn } from "../parts/time.tsx";
import { ErrorForm } from "../parts/user-errors.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { inputOf, isToCome, type MailingTime, MailingTimeField, momentOf } from "./mailing-time.tsx";

const words = strings.polls;
/** A wrong time is refused under either name: of the time, or of its parts. */
const FIELDS = ["sendAt", "sendAtLocal", "groupIds", "phoneNumbers"];

/** A mailing that is being composed. */
export interface MailingValue extends MailingTime {
  readonly groupIds: readonly string[];
  readonly phoneNumbers: readonly string[];
}

/** What an empty form has, but for the zone. */
export const NO_MAILING = { dateTime: "", chosenAt: null, groupIds: [], phoneNumbers: [] } as const;

export function isMailing(kept: unknown): kept is MailingValue {
  const isTexts = (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === "string");
  return (
    typeof kept === "object" &&
    kept !== null &&
    "dateTime" in kept &&
    typeof kept.dateTime === "string" &&
    "timeZone" in kept &&
    typeof kept.timeZone === "string" &&
    "chosenAt" in kept &&
    (kept.chosenAt === null || typeof kept.chosenAt === "string") &&
    "groupIds" in kept &&
    isTexts(kept.groupIds) &&
    "phoneNumbers" in kept &&
    isTexts(kept.phoneNumbers)
  );
}

interface Props {
  readonly pollId: string;
  /** The text that people get; null if it is not known. */
  readonly firstQuestion: string | null;
  readonly draft: Draft<MailingValue>;
  readonly onScheduled: () => void;
}

/** Composes a mailing. It is scheduled once, however often it is clicked, and nobody can take it back. */
export function MailingForm({ pollId, firstQuestion, draft, onScheduled }: Props) {
  const may = useMay();
  const groups = useRead(TextizenGroupsDocument, may("groups:read") ? {} : skipToken);
  const [schedule, { data, error, loading }] = useMutation(CreateMailingDocument);
  const [scheduled, setScheduled] = useState<string | null>(null);
  const onlyOne = useOneAtATime();
  const [added, setAdded] = useState<string | null>(null);
  const { timeZone, groupIds, phoneNumbers } = draft.value;
  const moment = momentOf(draft.value);
  // What was added is chosen until its list has closed; then the box is empty for another one.
  useEffect(() => {
    if (added !== null) {
      setAdded(null);
    }
  }, [added]);
  const change = (changes: Partial<MailingValue>) => {
    draft.change({ ...draft.value, ...changes });
    setScheduled(null);
  };

  async function submit() {
    try {
      const { idempotencyKey } = draft;
      const input = { pollId, ...inputOf(draft.value), groupIds, phoneNumbers, idempotencyKey };
      const { data: answer } = await schedule({ variables: { input } });
      const problem = answer?.createMailing?.userErrors[0];
      if (answer?.createMailing && problem === undefined) {
        setScheduled(moment);
      }
      // What is scheduled, may be, or was under this key before, is not offered again: the list has it, or somebody checks.
      if (answer?.createMailing && (problem === undefined || mayBeDone(problem.code))) {
        draft.renew({ ...NO_MAILING, timeZone });
      }
    } catch {
      // Shown as `error`. The key stays, so that another try schedules nothing twice.
    } finally {
      onScheduled();
    }
  }

  const names = new Map(groups.data?.textizenGroups?.nodes.map(({ id, name }) => [id, name?.trim() || id]));
  const recipients = [
    ...groupIds.map((id) => names.get(id) ?? id),
    ...(phoneNumbers.length > 0 ? [words.numbers(phoneNumbers.length)] : []),
  ];
  const hasRecipients = recipients.length > 0;
  return (
    <ErrorForm
      // The Enter key asks nothing: the button does.
      onSubmit={(event) => event.preventDefault()}
      errors={data?.createMailing?.userErrors}
      fields={FIELDS}
    >
      <h3>{words.newMailing}</h3>
      {firstQuestion !== null && <p className="muted">{words.asked(firstQuestion)}</p>}
      <Problem error={error ?? groups.error} />
      {hasRecipients && (
        <ul className="chips" aria-label={words.recipients}>
          {groupIds.map((id) => (
            <Recipient
              key={id}
              name={names.get(id) ?? id}
              onRemove={() => change({ groupIds: groupIds.filter((each) => each !== id) })}
            />
          ))}
          {phoneNumbers.length > 0 && (
            <Recipient name={words.numbers(phoneNumbers.length)} onRemove={() => change({ phoneNumbers: [] })} />
          )}
        </ul>
      )}
      {names.size > 0 && (
        <Choice
          label={words.toGroup}
          name="groupIds"
          options={[...names].filter(([id]) => !groupIds.includes(id)).map(([id, name]) => ({ id, name }))}
          value={added}
          onChoose={(id) => {
            setAdded(id);
            if (id !== null) {
              change({ groupIds: [...groupIds, id] });
            }
          }}
        />
      )}
      <MailingTimeField value={draft.value} onChange={change} />
      <div role="status">{scheduled !== null && <p>{words.scheduled(showMomentIn(scheduled, timeZone))}</p>}</div>
      <div className="composer-foot">
        <span className="muted">{words.final}</span>
        <Ask
          button={words.schedule}
          buttonClass="button button-primary"
          isDisabled={!hasRecipients || moment === null || !isToCome(moment)}
          title={words.scheduleTitle}
          cancel={words.notYet}
          confirm={words.schedule}
          confirmClass="button button-primary"
          isPending={loading}
          onConfirm={(close) => void onlyOne(() => submit().then(close))}
        >
          {moment !== null && <p>{words.goesOut(showMomentIn(moment, timeZone))}</p>}
          <p>
            {words.to} {recipients.join(", ")}
          </p>
          {groupIds.length > 0 && <p className="muted">{words.sizeUnknown}</p>}
          {firstQuestion !== null && <p>{words.asked(firstQuestion)}</p>}
          <p>{words.final}</p>
        </Ask>
      </div>
    </ErrorForm>
  );
}

function Recipient({ name, onRemove }: { readonly name: string; readonly onRemove: () => void }) {
  return (
    <li className="chip">
      {name}
      <Button className="chip-button" aria-label={words.leaveOut(name)} onPress={onRemove}>
        <X aria-hidden size={14} />
      </Button>
    </li>
  );
}
