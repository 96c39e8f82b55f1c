import type { JobRecord, Jobs } from "../store/jobs.ts";
import { rowStateOf } from "./pages.ts";
import { textOf } from "./row.ts";

const BATCH = 500;
const HEADER = ["row", "recipient", "state", "code", "message", "settledAt", "text"];

/** A job's rows with their outcomes as a CSV file (RFC 4180), as it is read. */
export async function* resultsOf(jobs: Jobs, job: JobRecord): AsyncGenerator<string> {
  yield lineOf(HEADER);
  for (let after = 0; ; ) {
    const rows = await jobs.rows.read(job.set, { after, limit: BATCH });
    const last = rows.at(-1);
    if (last === undefined) {
      return;
    }
    after = last.number;
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
        ]),
      )
      .join("");
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
