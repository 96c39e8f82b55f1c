import { FileSpreadsheet, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button, DropZone, FileTrigger, Label, Text, TextArea, TextField } from "react-aria-components";
import { useSession } from "../session.tsx";
import { strings } from "../strings.ts";
import type { Recipients } from "./draft.ts";
import { FileError, type Upload, uploadFile, uploadPasted } from "./files.ts";

const words = strings.send;

interface Props {
  readonly recipients: Recipients;
  readonly onChange: (change: Partial<Recipients>) => void;
}

/** A file that is dropped or chosen, or numbers that are pasted: given to the graph, which reads and keeps them. */
export function ListChoice({ recipients: { pasted, upload }, onChange }: Props) {
  const { credentials } = useSession();
  const [isReading, setReading] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  // The fields are gone once a list was read, and the focus with them; and so is the list once it is removed.
  const place = useRef<HTMLDivElement>(null);
  const shown = useRef(upload);
  useEffect(() => {
    if (shown.current !== upload) {
      place.current?.focus();
    }
    shown.current = upload;
  }, [upload]);

  async function read(give: () => Promise<Upload>) {
    setReading(true);
    setProblem(null);
    try {
      onChange({ upload: await give(), pasted: "" });
    } catch (error) {
      setProblem(error instanceof FileError ? error.message : words.uploadFailed);
    } finally {
      setReading(false);
    }
  }

  const readFile = (file: File | undefined) => file && void read(() => uploadFile(credentials, file));

  if (upload !== null) {
    return (
      <div className="file" ref={place} tabIndex={-1}>
        <FileSpreadsheet aria-hidden size={22} />
        <div className="file-what" role="status">
          <strong>{upload.name}</strong>
          <span className="muted">{words.read(upload.rowCount)}</span>
          {upload.badRowCount > 0 && <span className="muted">{words.badRows(upload.badRowCount)}</span>}
        </div>
        <Button className="chip-button" aria-label={words.remove} onPress={() => onChange({ upload: null })}>
          <X aria-hidden size={18} />
        </Button>
      </div>
    );
  }
  return (
    <div className="fields" ref={place} tabIndex={-1}>
      {problem !== null && (
        <p className="banner banner-danger" role="alert">
          {problem}
        </p>
      )}
      <DropZone
        className="drop"
        aria-label={words.dropTitle}
        onDrop={async ({ items }) => {
          const [dropped] = items.filter((item) => item.kind === "file");
          readFile(await dropped?.getFile());
        }}
      >
        <FileSpreadsheet aria-hidden size={26} />
        <Text slot="label">{isReading ? words.reading : words.dropTitle}</Text>
        <span className="muted">{words.dropText}</span>
        <FileTrigger
          acceptedFileTypes={[".csv", ".tsv", ".txt", "text/csv"]}
          onSelect={(files) => readFile(files?.[0])}
        >
          <Button className="button" isDisabled={isReading}>
            {words.chooseFile}
          </Button>
        </FileTrigger>
      </DropZone>
      <TextField className="field" value={pasted} onChange={(next) => onChange({ pasted: next })}>
        <Label>{words.paste}</Label>
        <TextArea rows={3} spellCheck="false" />
        <Text slot="description">{words.pasteHint}</Text>
      </TextField>
      {pasted.trim() !== "" && (
        <Button
          className="button"
          isDisabled={isReading}
          onPress={() => void read(() => uploadPasted(credentials, pasted))}
        >
          {words.usePasted}
        </Button>
      )}
    </div>
  );
}
