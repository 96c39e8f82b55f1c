import { skipToken, useMutation } from "@apollo/client/react";
import { X } from "lucide-react";
import { useState } from "react";
import { Button } from "react-aria-components";
import { TextizenGroupsDocument } from "../generated/people.ts";
import { CreateMailingDocument } from "../generated/polls.ts";
import { Choice } from "../parts/choice.tsx";
import { type Draft, mayBeDone } from "../parts/draft.ts";
import { useOneAtATime } from "../parts/one-at-a-time.ts";
import { PendingButton } from "../parts/pending-button.tsx";
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
  readonly draft: Draft<MailingValue>;
  readonly onScheduled: () => void;
}

/** Composes a mailing. It is scheduled once, however often it is clicked, and nobody can take it back. */
export function MailingForm({ pollId, draft, onScheduled }: Props) {
  const may = useMay();
  const groups = useRead(TextizenGroupsDocument, may("groups:read") ? {} : skipToken);
  const [schedule, { data, error, loading }] = useMutation(CreateMailingDocument);
  const [scheduled, setScheduled] = useState<string | null>(null);
  const onlyOne = useOneAtATime();
  const { timeZone, groupIds, phoneNumbers } = draft.value;
  const moment = momentOf(draft.value);
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
  const hasRecipients = groupIds.length > 0 || phoneNumbers.length > 0;
  return (
    <ErrorForm
      onSubmit={(event) => {
        event.preventDefault();
        void onlyOne(submit);
      }}
      errors={data?.createMailing?.userErrors}
      fields={FIELDS}
    >
      <h3>{words.newMailing}</h3>
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
          key={groupIds.join(" ")}
          label={words.toGroup}
          name="groupIds"
          options={[...names].filter(([id]) => !groupIds.includes(id)).map(([id, name]) => ({ id, name }))}
          value={null}
          onChoose={(id) => id !== null && change({ groupIds: [...groupIds, id] })}
        />
      )}
      <MailingTimeField value={draft.value} onChange={change} />
      <div role="status">{scheduled !== null && <p>{words.scheduled(showMomentIn(scheduled, timeZone))}</p>}</div>
      <div className="composer-foot">
        <span className="muted">{words.final}</span>
        <PendingButton
          className="button button-primary"
          type="submit"
          isDisabled={!hasRecipients || moment === null || !isToCome(moment)}
          isPending={loading}
        >
          {words.schedule}
        </PendingButton>
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
