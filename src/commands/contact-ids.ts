import { CsvError, parse } from "csv-parse/sync";
import { type ContactId, parseId } from "../ids.ts";

/** The content of a file: contact ids, each once, in order, and the lines whose first column is no contact's id. */
interface ContactIds {
  readonly ids: readonly ContactId[];
  readonly wrongLines: readonly number[];
}

interface Row {
  /** The line on which it begins. */
  readonly line: number;
  readonly cells: readonly string[];
}

const DELIMITERS = [",", ";", "\t", "|"];
// Letters, digits and dashes, as in all ids that Pidj is known to have made. A cell that contains a whole row, whatever
// separates its columns, is no id: a person's name or number must not reach a URL.
const FORM = /^co:[A-Za-z0-9._-]+$/;
const INVISIBLE = /\p{Cf}/gu;

/**
 * Reads contact ids from the first column of a spreadsheet's text file: with or without a header, separated by commas,
 * semicolons, tabs or pipes, quoted or not, in UTF-8 or UTF-16.
 */
export function readContactIds(file: Uint8Array): ContactIds {
  const ids = new Set<ContactId>();
  const wrongLines: number[] = [];
  const rows = readRows(decodeText(file).replace(/\r\n?/g, "\n"))
    .map(({ line, cells }) => ({ line, cells: cells.map((cell) => cell.replace(INVISIBLE, "").trim()) }))
    .filter(({ cells }) => cells.join("") !== "" && cells[0] !== "sep=");
  for (const [at, { line, cells }] of rows.entries()) {
    const [value = ""] = cells;
    const id = FORM.test(value) ? parseId("Contact", value) : null;
    if (id !== null) {
      ids.add(id);
    } else if (at > 0 || value.includes(":")) {
      wrongLines.push(line);
    }
  }
  return { ids: [...ids], wrongLines };
}

function readRows(text: string, quote: '"' | false = '"', linesBefore = 0): Row[] {
  const rows: Row[] = [];
  let linesRead = 0;
  try {
    parse(text, {
      quote,
      delimiter: DELIMITERS,
      record_delimiter: "\n",
      relax_column_count: true,
      relax_quotes: true,
      on_record: (cells: string[], { lines }) => {
        rows.push({ line: linesBefore + linesRead + 1, cells });
        linesRead = lines;
        return null;
      },
    });
    return rows;
  } catch (error) {
    if (!(error instanceof CsvError && error.code === "CSV_QUOTE_NOT_CLOSED")) {
      throw error;
    }
    // From a row with an unclosed quote on, quotes are plain text.
    const rest = text.split("\n").slice(linesRead).join("\n");
    return [...rows, ...readRows(rest, false, linesRead)];
  }
}

/** The encoding, by the byte order mark. Without one, UTF-16 is recognized by a zero byte in its first character. */
function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isLittle = (first === 0xff && second === 0xfe) || second === 0;
  const isBig = (first === 0xfe && second === 0xff) || first === 0;
  return new TextDecoder(isBig ? "utf-16be" : isLittle ? "utf-16le" : "utf-8").decode(bytes);
}
