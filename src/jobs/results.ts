import type { JobRecord, Jobs, NumberedRow } from "../store/jobs.ts";
import { rowStateOf } from "./pages.ts";
import { textOf } from "./row.ts";

const BATCH = 500;
const HEADER = ["row", "recipient", "state", "code", "message", "settledAt", "text", "line"];
/** Before the names of the rows' own values, which may be called like a column of ours. */
const OWN = "values.";

/** A job's rows with their outcomes and their own values as a CSV file (RFC 4180), as it is read. */
export async function* resultsOf(jobs: Jobs, job: JobRecord): AsyncGenerator<string> {
  // The header needs all names first. Few rows are in memory at a time, so they are read twice.
  const names = new Set<string>();
  for await (const rows of rowsOf(jobs, job)) {
    for (const name of rows.flatMap(({ values }) => Object.keys(values))) {
      names.add(name);
    }
  }
  yield lineOf([...HEADER, ...[...names].map((name) => `${OWN}${name}`)]);
  for await (const rows of rowsOf(jobs, job)) {
    yield rows
      .map((row) =>
        lineOf([
          String(row.number),
          row.to,
          rowStateOf({ job, row }),
          row.outcome?.code ?? "",
          row.outcome?.message ?? "",
          row.outcome === undefined ? "" : new Date(row.outcome.at).toISOString(),
          (job.send && textOf(job.send, row)) ?? "",
          row.line === undefined ? "" : String(row.line),
          ...[...names].map((name) => (Object.hasOwn(row.values, name) ? (row.values[name] ?? "") : "")),
        ]),
      )
      .join("");
  }
}

async function* rowsOf(jobs: Jobs, { set }: JobRecord): AsyncGenerator<readonly NumberedRow[]> {
  for (let after = 0; ; ) {
    const rows = await jobs.rows.read(set, { after, limit: BATCH });
    const last = rows.at(-1);
    if (last === undefined) {
      return;
    }
    after = last.number;
    yield rows;
  }
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

/**
 * A cell that no spreadsheet takes for a formula (owasp.org/www-community/attacks/CSV_Injection): an apostrophe stands before
 * `=`, `+`, `-` and `@`, also where blanks are before them or where they are the wide ones of East Asian keyboards. `POST /jobs`
 * reads a number after one.
 */
function cellOf(value: string): string {
  const safe = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
