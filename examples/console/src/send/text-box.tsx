import { Plus } from "lucide-react";
import { useRef } from "react";
import { Button, Group, Label, TextArea, TextField } from "react-aria-components";
import { Length, usePreview } from "../inbox/preview.tsx";
import { strings } from "../strings.ts";
import { type Part, partsOf } from "./placeholders.ts";

const words = strings.send;

interface Props {
  readonly text: string;
  /** What can be filled in. */
  readonly columns: readonly string[];
  /** Why nothing can be filled in yet; null if that is all there is. */
  readonly missing: string | null;
  readonly onChange: (text: string) => void;
}

/** The text with its placeholders marked, and the columns as buttons that put one in where the cursor is. */
export function TextBox({ text, columns, missing, onChange }: Props) {
  const box = useRef<HTMLTextAreaElement>(null);
  const preview = usePreview(text);
  const parts = partsOf(text);
  const problem = problemOf(parts, columns, missing);

  function insert(column: string) {
    const { selectionStart = text.length, selectionEnd = text.length } = box.current ?? {};
    onChange(`${text.slice(0, selectionStart)}{${column}}${text.slice(selectionEnd)}`);
    const cursor = selectionStart + column.length + 2;
    requestAnimationFrame(() => {
      box.current?.focus();
      box.current?.setSelectionRange(cursor, cursor);
    });
  }

  return (
    <>
      <TextField className="composer-text" value={text} onChange={onChange}>
        <Label className="visually-hidden">{strings.inbox.message}</Label>
        <div className="underlined placeholders" aria-hidden>
          {parts.map((part, index) =>
            part.kind === "text" ? (
              part.written
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
              <mark key={index} className={isFilled(part, columns) ? "" : "is-wrong"}>
                {part.written}
              </mark>
            ),
          )}
        </div>
        <TextArea ref={box} rows={5} placeholder={strings.inbox.placeholder} />
      </TextField>
      {columns.length > 0 && (
        <Group className="chips" aria-label={words.columns}>
          <span className="muted" aria-hidden>
            {words.columns}
          </span>
          {columns.map((column) => (
            <Button key={column} className="chip chip-add" onPress={() => insert(column)}>
              <Plus aria-hidden size={14} />
              {column}
            </Button>
          ))}
        </Group>
      )}
      {problem !== null && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      <Length preview={preview} />
      {parts.some(({ kind }) => kind === "placeholder") && <p className="muted">{words.beforeFilling}</p>}
    </>
  );
}

/** Why the text cannot be filled in; null if it can. */
export function problemOf(
  parts: readonly Part[],
  columns: readonly string[],
  missing: string | null = null,
): string | null {
  if (parts.some(({ kind }) => kind === "brokenBrace")) {
    return words.brokenBrace;
  }
  const unknown = parts.find((part) => part.kind === "placeholder" && !isFilled(part, columns));
  return unknown === undefined
    ? null
    : (missing ?? words.unknownColumn(unknown.written.slice(1, -1), columns.join(", ")));
}

function isFilled({ kind, name }: Part, columns: readonly string[]): boolean {
  return kind === "placeholder" && columns.includes(name);
}
