import { useMutation } from "@apollo/client/react";
import { adviceOnUserError } from "@textgraph/client";
import { type FormEvent, useState } from "react";
import { Button, FieldError, Form, Input, Label, TextField } from "react-aria-components";
import { type ContactDetailsFragment, UpdateContactDocument } from "../generated/operations.ts";
import { Problem } from "../parts/state.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";

const words = strings.people;
const FIELDS = ["firstName", "lastName", "businessName", "emailAddress"] as const;

/** A contact, to read or to change in place. Only what was changed is sent; what is wrong is said at its field. */
export function ContactForm({ contact }: { readonly contact: ContactDetailsFragment }) {
  const may = useMay();
  const [changes, setChanges] = useState<Partial<Record<(typeof FIELDS)[number], string>>>({});
  const [update, { data, error, loading }] = useMutation(UpdateContactDocument);
  const problems = data?.updateContact?.userErrors ?? [];
  const isChanged = Object.keys(changes).length > 0;
  const ofFields = problems.filter(({ field }) => FIELDS.some((name) => name === field?.[1]));
  const others = problems.filter((problem) => !ofFields.includes(problem));

  async function submit(event: FormEvent) {
    event.preventDefault();
    const input = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value.trim() || null]));
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
    <Form
      className="fields"
      onSubmit={submit}
      validationErrors={Object.fromEntries(ofFields.map(({ field, message }) => [field?.[1] ?? "", message]))}
    >
      <Problem error={error} />
      {others.map(({ code }) => (
        <p className="banner banner-danger" role="alert" key={code}>
          {adviceOnUserError(code).show}
        </p>
      ))}
      {FIELDS.map((name) => (
        <TextField
          key={name}
          className="field"
          name={name}
          type={name === "emailAddress" ? "email" : "text"}
          isReadOnly={!may("contacts:write")}
          value={changes[name] ?? contact[name] ?? ""}
          onChange={(value) => setChanges((before) => ({ ...before, [name]: value }))}
        >
          <Label>{words.fields[name]}</Label>
          <Input />
          <FieldError className="field-error" />
        </TextField>
      ))}
      {may("contacts:write") && (
        <div className="composer-foot">
          <span className="muted" role="status">
            {!isChanged && data?.updateContact?.contact ? words.saved : ""}
          </span>
          <Button className="button button-primary" type="submit" isDisabled={!isChanged} isPending={loading}>
            {words.save}
          </Button>
        </div>
      )}
    </Form>
  );
}
