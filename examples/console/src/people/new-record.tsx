import { useMutation } from "@apollo/client/react";
import { type FormEvent, useState } from "react";
import { FieldError, Input, Label, TextField } from "react-aria-components";
import { CreateContactDocument, CreateParticipantDocument } from "../generated/people.ts";
import { isText, mayBeDone, useDraft } from "../parts/draft.ts";
import { useOneAtATime } from "../parts/one-at-a-time.ts";
import { PendingButton } from "../parts/pending-button.tsx";
import { Problem } from "../parts/state.tsx";
import { ErrorForm } from "../parts/user-errors.tsx";
import { strings } from "../strings.ts";
import { missingName, splitName, type Wrong, wrongNames } from "./names.ts";
import { useUnsaved } from "./unsaved.tsx";

const words = strings.people;
/** What shows the new record. */
const READ_AGAIN = { refetchQueries: ["PersonPage", "SearchPeople"], awaitRefetchQueries: true };

interface Props {
  readonly phoneNumber: string;
  /** The name that the other platform has; empty if it has none. */
  readonly name: string;
  readonly onCreated: () => void;
}

/** Gives a number that Pidj has no contact for a contact. */
export function NewContact({ phoneNumber, name, onCreated }: Props) {
  const [create, { data, error, loading }] = useMutation(CreateContactDocument, READ_AGAIN);
  const { firstName, lastName } = splitName(name);
  return (
    <NewRecord
      place={`contact.${phoneNumber}`}
      suggested={{ firstName, lastName: lastName ?? "" }}
      button={words.addToPidj}
      isPending={loading}
      error={error}
      errors={data?.createContact?.userErrors}
      isCreated={data?.createContact?.userErrors.length === 0}
      onCreated={onCreated}
      create={async (names, idempotencyKey) => {
        const filled = Object.fromEntries(Object.entries(names).filter(([, value]) => value !== ""));
        const { data: answer } = await create({ variables: { input: { phoneNumber, ...filled, idempotencyKey } } });
        return answer?.createContact?.userErrors;
      }}
    />
  );
}

/** Gives a number that Textizen has no participant for a participant. */
export function NewParticipant({ phoneNumber, name, onCreated }: Props) {
  const [create, { data, error, loading }] = useMutation(CreateParticipantDocument, READ_AGAIN);
  return (
    <NewRecord
      place={`participant.${phoneNumber}`}
      suggested={{ name }}
      button={words.addToTextizen}
      hint={words.noWayBack}
      isPending={loading}
      error={error}
      errors={data?.createParticipant?.userErrors}
      isCreated={data?.createParticipant?.userErrors.length === 0}
      onCreated={onCreated}
      create={async ({ name: given = "" }, idempotencyKey) => {
        const input = { phoneNumber, name: given, idempotencyKey };
        const { data: answer } = await create({ variables: { input } });
        return answer?.createParticipant?.userErrors;
      }}
    />
  );
}

type Names = Readonly<Record<string, string>>;
const LABELS: Names = { firstName: words.fields.firstName, lastName: words.fields.lastName, name: words.name };

interface RecordProps {
  /** Of its draft, whose key lets a second try create nobody twice. */
  readonly place: string;
  readonly suggested: Names;
  readonly button: string;
  readonly hint?: string;
  readonly isPending: boolean;
  readonly error: Parameters<typeof Problem>[0]["error"];
  readonly errors: Parameters<typeof ErrorForm>[0]["errors"];
  readonly isCreated: boolean;
  readonly onCreated: () => void;
  readonly create: (names: Names, idempotencyKey: string) => Promise<Parameters<typeof ErrorForm>[0]["errors"]>;
}

/** The names of a record that does not exist yet, and the button that makes it. */
function NewRecord({ place, suggested, button, hint, create, onCreated, ...state }: RecordProps) {
  const draft = useDraft(place, "", isText);
  const [typed, setTyped] = useState<Names>({});
  const [wrong, setWrong] = useState<readonly Wrong[]>([]);
  const onlyOne = useOneAtATime();
  const fields = Object.keys(suggested);
  useUnsaved(Object.values(typed).some((value) => value !== "") && !state.isCreated);

  async function submit() {
    const names = { ...suggested, ...typed };
    const found = wrongNames(names);
    const isMissing = Object.values(names).every((value) => value === "");
    const problems = isMissing ? [missingName(fields[0] ?? "")] : found;
    setWrong(problems);
    if (problems.length > 0) {
      return;
    }
    try {
      const trimmed = Object.fromEntries(Object.entries(names).map(([name, value]) => [name, value.trim()]));
      const errors = await create(trimmed, draft.idempotencyKey);
      const [problem] = errors ?? [];
      if (problem === undefined || mayBeDone(problem.code)) {
        draft.renew("");
      }
      if (problem === undefined) {
        onCreated();
      }
    } catch {
      // Shown as `error`. The key stays, so that another try makes nobody twice.
    }
  }

  return (
    <ErrorForm
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void onlyOne(submit);
      }}
      errors={wrong.length > 0 ? wrong : state.errors}
      fields={fields}
    >
      <Problem error={state.error} />
      {fields.map((field) => (
        <TextField
          key={field}
          className="field"
          name={field}
          value={typed[field] ?? suggested[field] ?? ""}
          onChange={(value) => setTyped((before) => ({ ...before, [field]: value }))}
        >
          <Label>{LABELS[field]}</Label>
          <Input />
          <FieldError className="field-error" />
        </TextField>
      ))}
      <div className="composer-foot">
        <span className="muted" role="status">
          {state.isCreated ? words.addedUnseen : (hint ?? "")}
        </span>
        <PendingButton className="button button-primary" type="submit" isPending={state.isPending}>
          {button}
        </PendingButton>
      </div>
    </ErrorForm>
  );
}
