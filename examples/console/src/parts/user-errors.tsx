import { adviceOnUserError } from "@textgraph/client";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Form, type FormProps } from "react-aria-components";

interface UserError {
  readonly code: string;
  readonly field: readonly string[] | null;
  readonly message: string;
}

type Errors = readonly UserError[] | undefined;

interface ErrorFormProps {
  readonly onSubmit: NonNullable<FormProps["onSubmit"]>;
  readonly errors: Errors;
  /** Names of the form's fields. */
  readonly fields?: readonly string[];
  readonly children: ReactNode;
}

/** A form that says at each field what is wrong with it, goes to the first of them, and says all else at its top. */
export function ErrorForm({ onSubmit, errors, fields = [], children }: ErrorFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [corrected, setCorrected] = useState<readonly string[]>([]);
  useEffect(() => {
    setCorrected([]);
    if (errors !== undefined && errors.length > 0) {
      form.current?.querySelector<HTMLElement>("[aria-invalid='true']")?.focus();
    }
  }, [errors]);
  const names = fields.join();
  const atFields = useMemo(() => {
    const entries = (errors ?? []).map((error) => [nameOf(error, names.split(",")) ?? "", error.message] as const);
    return Object.fromEntries(entries.filter(([name]) => name !== "" && !corrected.includes(name)));
  }, [errors, names, corrected]);
  return (
    <Form ref={form} onSubmit={onSubmit} validationErrors={atFields}>
      <div
        className="fields"
        // A sentence goes when its field is typed in, not when it is left: what moves then would escape from a click.
        onInput={({ target }) => {
          if (target instanceof HTMLInputElement && target.name in atFields) {
            setCorrected((before) => [...before, target.name]);
          }
        }}
      >
        <UserErrors errors={errors} fields={fields} />
        {children}
      </div>
    </Form>
  );
}

/** What else went wrong, above the form: whatever is about none of its fields. */
export function UserErrors({ errors, fields = [] }: { readonly errors: Errors; readonly fields?: readonly string[] }) {
  const others = (errors ?? []).filter((error) => nameOf(error, fields) === undefined);
  const sentences = new Set(
    others.map(({ code, message }) => (code === "INVALID_INPUT" ? message : adviceOnUserError(code).show)),
  );
  return [...sentences].map((sentence) => (
    <p className="banner banner-danger" role="alert" key={sentence}>
      {sentence}
    </p>
  ));
}

/** The innermost part of the path that is a field of the form: `key` of `input.tokens.0.key`. */
function nameOf({ field }: UserError, names: readonly string[]): string | undefined {
  return field?.findLast((part) => names.includes(part));
}
