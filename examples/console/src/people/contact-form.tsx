import { useMutation } from "@apollo/client/react";
import { type FormEvent, useState } from "react";
import { FieldError, Input, Label, TextField } from "react-aria-components";
import { LinesDocument } from "../generated/inbox.ts";
import { type ContactDetailsFragment, UpdateContactDocument } from "../generated/people.ts";
import { Choice } from "../parts/choice.tsx";
import { PendingButton } from "../parts/pending-button.tsx";
import { useRead } from "../parts/read.ts";
import { Problem } from "../parts/state.tsx";
import { ErrorForm } from "../parts/user-errors.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { missingName, nameOfContact, type Wrong, wrongNames } from "./names.ts";
import { useUnsaved } from "./unsaved.tsx";

const words = strings.people;
const NAMES = ["displayName", "firstName", "lastName", "businessName"] as const;
const TEXTS = [...NAMES, "emailAddress"] as const;
const FIELDS = [...TEXTS, "groupId"] as const;
const NO_GROUP = "none";

/** A contact, to read or to change in place. Only what was changed is sent; what is wrong is said at its field. */
export function ContactForm({ contact }: { readonly contact: ContactDetailsFragment }) {
  const may = useMay();
  const mayWrite = may("contacts:write");
  const [changes, setChanges] = useState<Partial<Record<(typeof FIELDS)[number], string>>>({});
  const [wrong, setWrong] = useState<readonly Wrong[]>([]);
  const [update, { data, error, loading }] = useMutation(UpdateContactDocument, { refetchQueries: ["SearchPeople"] });
  const errors = wrong.length > 0 ? wrong : data?.updateContact?.userErrors;
  const isChanged = Object.keys(changes).length > 0;
  useUnsaved(isChanged);
  // Few contacts have a name to show besides their own; where there is one, it stands in every list.
  const hasDisplayName = contact.displayName !== null || changes.displayName !== undefined;
  const texts = TEXTS.filter((name) => name !== "displayName" || hasDisplayName);
  const set = (name: (typeof FIELDS)[number], value: string) => setChanges((before) => ({ ...before, [name]: value }));

  async function submit(event: FormEvent) {
    event.preventDefault();
    const found = findWrong(contact, changes);
    setWrong(found);
    if (found.length > 0) {
      return;
    }
    const { groupId, ...texts } = changes;
    const input = {
      ...Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, value.trim() || null])),
      ...(groupId !== undefined && { groupId: groupId === NO_GROUP ? null : groupId }),
    };
    try {
      const { data: answer } = await update({ variables: { input: { id: contact.id, ...input } } });
      if (answer?.updateContact?.userErrors.length === 0) {
        setChanges({});
      }
    } catch {
      // Shown as `error`; what was typed stays.
    }
  }

  return (
    <ErrorForm onSubmit={submit} errors={errors} fields={FIELDS}>
      <Problem error={error} />
      {texts.map((name) => (
        <TextField
          key={name}
          className="field"
          name={name}
          type={name === "emailAddress" ? "email" : "text"}
          isReadOnly={!mayWrite}
          value={changes[name] ?? contact[name] ?? ""}
          onChange={(value) => set(name, value)}
        >
          <Label>{words.fields[name]}</Label>
          <Input />
          <FieldError className="field-error" />
        </TextField>
      ))}
      {mayWrite && may("groups:read") && <Group value={changes.groupId} onChoose={(id) => set("groupId", id)} />}
      {mayWrite && (
        <div className="composer-foot">
          <span className="muted" role="status">
            {!isChanged && data?.updateContact?.contact ? words.saved : ""}
          </span>
          <PendingButton className="button button-primary" type="submit" isDisabled={!isChanged} isPending={loading}>
            {words.save}
          </PendingButton>
        </div>
      )}
    </ErrorForm>
  );
}

/** What is wrong with the names, and that none is left if they are all cleared. */
function findWrong(contact: ContactDetailsFragment, changes: Partial<Record<string, string>>): readonly Wrong[] {
  const typed = NAMES.flatMap((name) => (changes[name] === undefined ? [] : [[name, changes[name]] as const]));
  const [first] = typed;
  const found = wrongNames(Object.fromEntries(typed));
  const isCleared = first !== undefined && nameOfContact({ ...contact, ...Object.fromEntries(typed) }) === "";
  return found.length === 0 && isCleared ? [missingName(first[0])] : found;
}

interface GroupProps {
  readonly value: string | undefined;
  readonly onChoose: (id: string) => void;
}

/** The one group of a contact, which Pidj takes and never tells. */
function Group({ value, onChoose }: GroupProps) {
  const { data, error } = useRead(LinesDocument);
  const groups = data?.pidjGroups?.nodes;
  if (groups === undefined) {
    return <Problem error={error} />;
  }
  const options = [{ id: NO_GROUP, name: words.noGroup }, ...groups.map(({ id, name }) => ({ id, name: name ?? id }))];
  return (
    <Choice
      // An empty box again as soon as the change was saved.
      key={value === undefined ? "saved" : "changed"}
      label={words.pidjGroup}
      name="groupId"
      options={options}
      value={value ?? null}
      onChoose={(id) => id !== null && onChoose(id)}
      hint={words.pidjGroupHint}
    />
  );
}
