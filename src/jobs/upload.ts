import { pipeline, type Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { charsetOf } from "../charset.ts";
import type { Services } from "../context.ts";
import type { NumberedRow } from "../store/jobs.ts";
import { MOST_ROWS } from "./create.ts";
import { nameOfValue } from "./template.ts";

/** What `POST /jobs` answers. */
export interface Upload {
  readonly uploadId: string;
  readonly rowCount: number;
  /** The names by which the text's placeholders find the columns. */
  readonly columns: readonly string[];
  /** Those of them that a text may use: not the column of the number or of the contact. */
  readonly placeholders: readonly string[];
  /** The first 100 rows that a job will refuse, because they do not fit the header. */
  readonly refusals: readonly { readonly row: number; readonly message: string }[];
}

/** The file cannot be read. The message says in whole sentences where and why, without its content. */
export class UploadError extends Error {
  override readonly name = "UploadError";
}

const MOST_BYTES = 50_000_000;
const LONGEST_ROW = 100_000;
/** Of UTF-16's byte order mark. */
const MARK_BYTES = 2;
const BATCH = 500;
const MOST_REFUSALS = 100;
const DELIMITERS = [",", ";", "\t", "|"];
/** With which Excel names the separator, before the header. */
const SEPARATOR_LINE = /^"?sep=([^"\r\n])"?(?:\r\n|\r|\n|$)/i;
const NUMBER_COLUMNS = ["phonenumber", "phone", "mobile", "mobilephone", "cellphone", "cell", "telephone"];
/** Of a file without a header, as its content type says (RFC 4180). */
const NO_HEADER = /;\s*header\s*=\s*"?absent\b/i;
const NUMBERS_ALONE = ["phonenumber"];
const CONTACT_COLUMNS = ["contactid", "contact"];

/**
 * Reads rows from a spreadsheet's text file as it arrives, and keeps them for a day, for a job to be made of them: the first
 * row names the columns, of which one has the phone number or the contact; without a header, there are numbers alone. UTF-8,
 * UTF-16 or the charset of the content type; separated by commas, semicolons, tabs or pipes, or as a line `sep=;` before it says.
 * Throws UploadError, and StoreError; then nothing is kept.
 */
export async function receiveRows(
  { jobs, now }: Pick<Services, "jobs" | "now">,
  body: Readable,
  contentType: string,
): Promise<Upload> {
  const set = await jobs.rows.create(now().getTime());
  try {
    const reading = new Reading(now().getTime(), !NO_HEADER.test(contentType));
    let batch: NumberedRow[] = [];
    for await (const cells of cellsOf(body, contentType)) {
      const row = reading.row(cells);
      if (row !== null && batch.push(row) === BATCH) {
        // The file is read on only when these are stored.
        await jobs.rows.write(set, batch);
        batch = [];
      }
    }
    await jobs.rows.write(set, batch);
    const upload = reading.result(set);
    await jobs.rows.finish(set, { createdAt: now().getTime(), rowCount: upload.rowCount });
    return upload;
  } catch (error) {
    await jobs.rows.delete(set);
    throw error;
  }
}

/** Reads the header and the rows after it. */
class Reading {
  rowCount = 0;
  #line = 0;
  readonly #time: number;
  #columns: readonly string[] | null = null;
  readonly #refusals: { readonly row: number; readonly message: string }[] = [];

  constructor(time: number, hasHeader: boolean) {
    this.#time = time;
    this.#columns = hasHeader ? null : NUMBERS_ALONE;
  }

  /** Null for the header and for blank lines. */
  row(cells: readonly string[]): NumberedRow | null {
    this.#line += 1;
    if (this.#columns === null) {
      if (isBlank(cells)) {
        return null;
      }
      this.#columns = requireColumns(cells);
      return null;
    }
    const columns = this.#columns;
    if (isBlank(cells)) {
      return null;
    }
    this.rowCount += 1;
    if (this.rowCount > MOST_ROWS) {
      throw new UploadError(`The file has more than ${MOST_ROWS.toLocaleString("en")} rows: split it.`);
    }
    const named = Object.fromEntries(columns.map((name, at) => [name, (cells[at] ?? "").trim()]));
    const to = valueAt(named, NUMBER_COLUMNS) || valueAt(named, CONTACT_COLUMNS);
    const values = Object.fromEntries(Object.entries(named).filter(([name]) => name !== "" && isValue(name)));
    if (cells.length === columns.length) {
      return { number: this.rowCount, line: this.#line, to, values };
    }
    const message = `The row has ${cells.length} cells, and the header ${columns.length}.`;
    if (this.#refusals.length < MOST_REFUSALS) {
      this.#refusals.push({ row: this.rowCount, message });
    }
    const outcome = { state: "REFUSED", code: "INVALID_INPUT", message, at: this.#time } as const;
    return { number: this.rowCount, line: this.#line, to, values: {}, outcome };
  }

  result(uploadId: string): Upload {
    if (this.#columns === null || this.rowCount === 0) {
      throw new UploadError("The file has no rows after the header.");
    }
    const placeholders = this.#columns.filter((name) => name !== "" && isValue(name));
    return { uploadId, rowCount: this.rowCount, columns: this.#columns, placeholders, refusals: this.#refusals };
  }
}

function isBlank(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === "");
}

function requireColumns(cells: readonly string[]): readonly string[] {
  const columns = cells.map(nameOfValue);
  const repeated = columns.find((name, at) => name !== "" && columns.indexOf(name) !== at);
  if (repeated !== undefined) {
    throw new UploadError("Two columns of the header have the same name: letter case and blanks do not count.");
  }
  if (!columns.some((name) => NUMBER_COLUMNS.includes(name) || CONTACT_COLUMNS.includes(name))) {
    throw new UploadError("The first row must name the columns, one of them phoneNumber or contactId.");
  }
  return columns;
}

function isValue(column: string): boolean {
  return !NUMBER_COLUMNS.includes(column) && !CONTACT_COLUMNS.includes(column);
}

function valueAt(named: Readonly<Record<string, string>>, names: readonly string[]): string {
  return names.map((name) => named[name] ?? "").find((value) => value !== "") ?? "";
}

async function* cellsOf(body: Readable, contentType: string): AsyncGenerator<readonly string[]> {
  const text = textOf(body, contentType);
  const begun = await upToLineEnd(text);
  const [mark, separator] = SEPARATOR_LINE.exec(begun) ?? [""];
  const first = begun.slice(mark.length);
  // The parser is ahead of who reads its rows.
  let parsed = 0;
  const parser = parse({
    delimiter: separator ?? delimiterOf(first),
    // Two files that were put together may have both.
    record_delimiter: ["\r\n", "\n", "\r"],
    on_record: (cells: string[]) => {
      parsed += isBlank(cells) ? 0 : 1;
      return cells;
    },
    relax_column_count: true,
    max_record_size: LONGEST_ROW,
  });
  pipeline(joined(first, text), parser, () => undefined);
  try {
    yield* parser as AsyncIterable<readonly string[]>;
  } catch (error) {
    if (error instanceof CsvError) {
      const why = error.code === "CSV_MAX_RECORD_SIZE" ? "is too long" : "cannot be read: a quote stands alone in it";
      throw new UploadError(`${parsed === 0 ? "The header" : `Row ${parsed} after the header`} ${why}.`);
    }
    throw error;
  }
}

/** The file as text, decoded as it arrives. */
async function* textOf(body: Readable, contentType: string): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  let bytes = 0;
  let held: Buffer = Buffer.alloc(0);
  for await (const arrived of body as AsyncIterable<Buffer>) {
    bytes += arrived.length;
    if (bytes > MOST_BYTES) {
      throw new UploadError(`The file has more than ${MOST_BYTES / 1e6} MB: split it.`);
    }
    const chunk: Buffer = held.length === 0 ? arrived : Buffer.concat([held, arrived]);
    if (bytes < MARK_BYTES) {
      // Too few to tell the charset by.
      held = chunk;
      continue;
    }
    held = Buffer.alloc(0);
    decoder ??= new TextDecoder(charsetOf(chunk, contentType), { fatal: true });
    yield decode(decoder, chunk);
  }
  yield decoder === null ? "" : decode(decoder);
}

function decode(decoder: TextDecoder, chunk?: Buffer): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw new UploadError(
      `The file is not ${decoder.encoding}: save it as UTF-8, or name its charset, as in content-type: text/csv; charset=windows-1252.`,
    );
  }
}

async function upToLineEnd(text: AsyncGenerator<string>): Promise<string> {
  let first = "";
  while (!/[\r\n]/.test(first) && first.length <= LONGEST_ROW) {
    const { done, value } = await text.next();
    if (done) {
      break;
    }
    first += value;
  }
  return first;
}

async function* joined(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

/** The separator that the header has most often outside of quotes. */
function delimiterOf(text: string): string {
  const [header = ""] = text.replace(/"[^"]*"/g, "").split(/[\r\n]/);
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ",";
}
