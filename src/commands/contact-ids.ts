import { CsvError, parse } from "csv-parse/sync";
import { type ContactId, parseId } from "../ids.ts";

/** The content of a file: contact ids, each once, in order, and the lines whose first column is no contact's id. */
interface ContactIds {
  readonly ids: readonly ContactId[];
  readonly wrongLines: readonly number[];
}

/** The first column of a row, and the line on which it ends. */
interface Cell {
  readonly line: number;
  readonly value: string;
}

const DELIMITERS = [",", ";", "\t", "|"];
// A cell that contains a whole row is no id: its other columns must not reach a URL.
const OTHER_COLUMNS = /[,;|@+]/;
const INVISIBLE = /\p{Cf}/gu;

/**
 * Reads contact ids from the first column of a spreadsheet's text file: with or without a header, separated by commas,
 * semicolons, tabs or pipes, quoted or not, in UTF-8 or UTF-16.
 */
export function readContactIds(file: Uint8Array): ContactIds {
  const ids = new Set<ContactId>();
  const wrongLines: number[] = [];
  const cells = readFirstColumn(decodeText(file))
    .map(({ line, value }) => ({ line, value: value.replace(INVISIBLE, "").trim() }))
    .filter(({ value }) => value !== "" && value !== "sep=");
  for (const [at, { line, value }] of cells.entries()) {
    const id = OTHER_COLUMNS.test(value) ? null : parseId("Contact", value);
    if (id !== null) {
      ids.add(id);
    } else if (at > 0 || value.includes(":")) {
      wrongLines.push(line);
    }
  }
  return { ids: [...ids], wrongLines };
}

function readFirstColumn(text: string, quote: '"' | false = '"', linesBefore = 0): Cell[] {
  const cells: Cell[] = [];
  let linesRead = 0;
  try {
    parse(text, {
      quote,
      delimiter: DELIMITERS,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      relax_quotes: true,
      cast: (value, { index, lines }) => {
        if (index === 0) {
          cells.push({ line: linesBefore + lines, value });
        }
        return value;
      },
      on_record: (_row, { lines }) => {
        linesRead = lines;
        return null;
      },
    });
    return cells;
  } catch (error) {
    if (!(error instanceof CsvError && error.code === "CSV_QUOTE_NOT_CLOSED")) {
      throw error;
    }
    // From a row with an unclosed quote on, quotes are plain text.
    const ends = [...text.matchAll(/\r\n|\r|\n/g)].map((end) => end.index + end[0].length);
    const rest = text.slice(ends[linesRead - 1] ?? 0);
    const whole = cells.filter(({ line }) => line <= linesRead);
    return [...whole, ...readFirstColumn(rest, false, linesRead)];
  }
}

/** By the byte order mark; without one, UTF-16 is known by the zero in its first character. */
function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isLittle = (first === 0xff && second === 0xfe) || second === 0;
  const isBig = (first === 0xfe && second === 0xff) || first === 0;
  return new TextDecoder(isBig ? "utf-16be" : isLittle ? "utf-16le" : "utf-8").decode(bytes);
}
