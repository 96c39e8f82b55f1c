import { writeLocalTime } from "../parts/local-time.ts";
import { showNumber } from "../parts/person.tsx";
import { OWN_ZONE } from "../parts/time.tsx";
import { strings } from "../strings.ts";
import { reasonOf } from "./reason.ts";

const words = strings.send;
/** Before the names of the rows' own values (docs/jobs.md). */
const OWN = "values.";
/** A cell with what ends it, as the graph writes them: in quotes, or without any sign that needs them. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/y;
/** By this, spreadsheet programs take a file for UTF-8. */
const MARK = "\uFEFF";

/** The graph's file of a job's outcomes, in the words of this screen: for people, and their spreadsheets. */
export function reportOf(results: string): string {
  const [header = [], ...rows] = rowsOf(results);
  const own = header.filter((name) => name.startsWith(OWN));
  const columns = words.reportColumns;
  const titles = [columns.line, columns.phone, ...own.map((name) => name.slice(OWN.length))];
  const lines = rows.map((row) => {
    const cell = (name: string) => row[header.indexOf(name)] ?? "";
    const { state, reason } = outcomeOf(cell("state"), cell("code"), cell("message"));
    const settledAt = cell("settledAt");
    const when = settledAt === "" ? "" : writeLocalTime(settledAt, OWN_ZONE).replace("T", " ");
    return [
      cell("line") || cell("row"),
      phoneOf(cell("recipient")),
      ...own.map(cell),
      state,
      reason,
      when,
      cell("text"),
    ];
  });
  const all = [[...titles, columns.state, columns.reason, columns.settledAt, columns.text], ...lines];
  return MARK + all.map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

function outcomeOf(state: string, code: string, message: string) {
  const known = Object.entries(words.rowStates).find(([each]) => each === state);
  return { state: known?.[1] ?? state, reason: state === "UNKNOWN" ? "" : reasonOf(code, message) };
}

/**
 * The graph's apostrophe, by which no spreadsheet takes a cell for a formula, is not needed where blanks stand between the
 * digits. All other cells keep theirs.
 */
function phoneOf(recipient: string): string {
  const shown = showNumber(recipient.replace(/^'/, ""));
  return /^\+1 \d{3} \d{3} \d{4}$/.test(shown) ? shown : recipient;
}

function rowsOf(csv: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  CELL.lastIndex = 0;
  while (CELL.lastIndex < csv.length) {
    const match = CELL.exec(csv);
    if (match === null) {
      break;
    }
    const [, inQuotes, bare = "", end] = match;
    row.push(inQuotes?.replaceAll('""', '"') ?? bare);
    if (end !== ",") {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}
