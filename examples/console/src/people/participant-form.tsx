import { useMutation } from "@apollo/client/react";
import { type FormEvent, useState } from "react";
import { FieldError, Input, Label, TextField } from "react-aria-components";
import { type ParticipantDetailsFragment, UpdateParticipantDocument } from "../generated/people.ts";
import { PendingButton } from "../parts/pending-button.tsx";
import { Problem } from "../parts/state.tsx";
import { ErrorForm } from "../parts/user-errors.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { missingName, type Wrong, wrongNames } from "./names.ts";
import { useUnsaved } from "./unsaved.tsx";

const words = strings.people;
const FIELDS = ["name"];

/** A participant's name, to read or to change in place. */
export function ParticipantForm({ participant }: { readonly participant: ParticipantDetailsFragment }) {
  const mayWrite = useMay()("participants:write");
  const [typed, setTyped] = useState<string | null>(null);
  const [wrong, setWrong] = useState<readonly Wrong[]>([]);
  const [update, { data, error, loading }] = useMutation(UpdateParticipantDocument, {
    refetchQueries: ["SearchPeople"],
  });
  const errors = wrong.length > 0 ? wrong : data?.updateParticipant?.userErrors;
  useUnsaved(typed !== null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const name = typed?.trim() ?? "";
    const found = typed === "" ? [missingName("name")] : wrongNames({ name: typed ?? "" });
    setWrong(found);
    if (found.length > 0) {
      return;
    }
    try {
      const input = { id: participant.id, name };
      const { data: answer } = await update({ variables: { input } });
      if (answer?.updateParticipant?.participant) {
        setTyped(null);
      }
    } catch {
      // Shown as `error`; what was typed stays.
    }
  }

  return (
    <ErrorForm onSubmit={submit} errors={errors} fields={FIELDS}>
      <Problem error={error} />
      <TextField
        className="field"
        name="name"
        isReadOnly={!mayWrite}
        value={typed ?? participant.name ?? ""}
        onChange={setTyped}
      >
        <Label>{words.name}</Label>
        <Input />
        <FieldError className="field-error" />
      </TextField>
      {mayWrite && (
        <div className="composer-foot">
          <span className="muted" role="status">
            {typed === null && data?.updateParticipant?.participant ? words.saved : ""}
          </span>
          <PendingButton
            className="button button-primary"
            type="submit"
            isDisabled={typed === null}
            isPending={loading}
          >
            {words.saveName}
          </PendingButton>
        </div>
      )}
    </ErrorForm>
  );
}
