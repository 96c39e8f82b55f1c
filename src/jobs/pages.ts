import { InputError } from "../errors.ts";
import { cursorOfPlace, Page, type PageArguments, requirePageSize, requirePlaces } from "../loaders/paging.ts";
import { type JobRecord, type Jobs, type NumberedRow, parseRowKey, rowKeyOf, rowsUnderWay } from "../store/jobs.ts";

export type { JobRecord } from "../store/jobs.ts";

export type ShownState = "RUNNING" | "WAITING" | "PAUSED" | "CANCELLED" | "COMPLETED";
export type ShownRowState = "WAITING" | "IN_PROGRESS" | "ACCEPTED" | "REFUSED" | "UNKNOWN" | "CANCELLED";

/** A row with the job that it belongs to. */
export interface RowOfJob {
  readonly job: JobRecord;
  readonly row: NumberedRow;
}

/** Of jobs, and of the rows of a job. */
const LIST = "JOB";
const PLACE_OF_JOB = /^made \d{14} job:[\w-]+$/;
const PLACE_OF_ROW = /^\d{1,6}$/;
const BATCH = 500;

export function stateOf({ state, waits }: JobRecord): ShownState {
  return state === "RUNNING" && waits !== null ? "WAITING" : state;
}

/** The counts as they are shown: what a cancelled job left undone was not written row by row. */
export function countsOf({ state, counts, claim }: JobRecord) {
  const underWay = rowsUnderWay(claim).length;
  const left = state === "CANCELLED" ? Math.max(0, counts.waiting - underWay) : 0;
  return { ...counts, waiting: counts.waiting - left, cancelled: left };
}

export function rowStateOf({ job, row }: RowOfJob): ShownRowState {
  if (row.outcome !== undefined) {
    return row.outcome.state;
  }
  return rowsUnderWay(job.claim).includes(row.number)
    ? "IN_PROGRESS"
    : job.state === "CANCELLED"
      ? "CANCELLED"
      : "WAITING";
}

export function idempotencyKeyOf({ job, row }: RowOfJob): string {
  return rowKeyOf(job.id, row.number);
}

/** The row that an attempt was made for, by its key; null if no job made it, or if the job is no longer kept. */
export async function rowOfAttempt(jobs: Jobs, key: string): Promise<RowOfJob | null> {
  const place = parseRowKey(key);
  const job = place && (await jobs.find(place.id));
  const [row = null] = job === null ? [] : await jobs.rows.get(job.set, [place?.number ?? 0]);
  return job && row && { job, row };
}

/** Newest first. Throws InputError. */
export async function jobsPage(
  jobs: Jobs,
  args: PageArguments,
  states: readonly ShownState[] | null,
): Promise<Page<JobRecord>> {
  const places = requirePlaces(LIST, args);
  requireForm(places, PLACE_OF_JOB);
  const read = (from: string | null, limit: number, backwards: boolean) =>
    jobs
      .list({
        limit,
        reverse: backwards,
        ...boundsOf(places, from, backwards),
      })
      .then((found) => found.map(({ place, job }) => ({ place, item: job })));
  const matches = (job: JobRecord) => states === null || states.includes(stateOf(job));
  const everything = async () =>
    countAll((from) => jobs.list({ limit: BATCH, ...(from !== null && { after: from }) }), matches);
  return pageOf(args, read, matches, await everything());
}

/** In the order of their numbers. Throws InputError. */
export async function rowsPage(
  jobs: Jobs,
  job: JobRecord,
  args: PageArguments,
  states: readonly ShownRowState[] | null,
): Promise<Page<RowOfJob>> {
  const places = requirePlaces(LIST, args);
  requireForm(places, PLACE_OF_ROW);
  const read = async (from: string | null, limit: number, backwards: boolean) => {
    const bounds = boundsOf(places, from, backwards);
    const rows = await jobs.rows.read(job.set, {
      limit,
      reverse: backwards,
      ...(bounds.after !== undefined && { after: Number(bounds.after) }),
      ...(bounds.before !== undefined && { before: Number(bounds.before) }),
    });
    return rows.map((row) => ({ place: String(row.number), item: { job, row } }));
  };
  const wanted = states === null ? null : new Set(states);
  return pageOf(args, read, (row) => wanted?.has(rowStateOf(row)) ?? true, countOf(job, wanted));
}

/** How many rows are in these states, by the job's counts. */
function countOf(job: JobRecord, states: ReadonlySet<ShownRowState> | null): number {
  const { total, waiting, accepted, refused, unknown, cancelled } = countsOf(job);
  if (states === null) {
    return total;
  }
  const underWay = rowsUnderWay(job.claim).length;
  const counts: Record<ShownRowState, number> = {
    WAITING: Math.max(0, waiting - underWay),
    IN_PROGRESS: underWay,
    ACCEPTED: accepted,
    REFUSED: refused,
    UNKNOWN: unknown,
    CANCELLED: cancelled,
  };
  return [...states].reduce((sum, state) => sum + counts[state], 0);
}

interface Placed<Item> {
  readonly place: string;
  readonly item: Item;
}

/** Reads on until the page is full: rows that do not match are passed over. */
async function pageOf<Item>(
  args: PageArguments,
  read: (from: string | null, limit: number, backwards: boolean) => Promise<readonly Placed<Item>[]>,
  matches: (item: Item) => boolean,
  totalCount: number,
): Promise<Page<Item>> {
  const { count, backwards } = requirePageSize(args);
  const found: Placed<Item>[] = [];
  for (let from: string | null = null; found.length <= count; ) {
    const batch = await read(from, BATCH, backwards);
    found.push(...batch.filter(({ item }) => matches(item)));
    const last = batch.at(-1);
    if (last === undefined || batch.length < BATCH) {
      break;
    }
    from = last.place;
  }
  const hasMore = found.length > count;
  const shown = found.slice(0, count);
  const placed = backwards ? shown.toReversed() : shown;
  const places = new Map(placed.map(({ place, item }) => [item, place]));
  return new Page(
    placed.map(({ item }) => item),
    {
      totalCount,
      hasNextPage: backwards ? (args.before ?? null) !== null : hasMore,
      hasPreviousPage: backwards ? hasMore : (args.after ?? null) !== null,
      cursorOf: (item) => cursorOfPlace(LIST, places.get(item) ?? ""),
    },
  );
}

async function countAll(
  read: (from: string | null) => Promise<readonly { readonly place: string; readonly job: JobRecord }[]>,
  matches: (job: JobRecord) => boolean,
): Promise<number> {
  let count = 0;
  for (let from: string | null = null; ; ) {
    const batch = await read(from);
    count += batch.filter(({ job }) => matches(job)).length;
    const last = batch.at(-1);
    if (last === undefined || batch.length < BATCH) {
      return count;
    }
    from = last.place;
  }
}

/** The bounds of the page, of which one moves on with each batch. */
function boundsOf({ after, before }: ReturnType<typeof requirePlaces>, from: string | null, backwards: boolean) {
  const [low, high] = backwards ? [after, from ?? before] : [from ?? after, before];
  return { ...(low !== null && { after: low }), ...(high !== null && { before: high }) };
}

/** Throws InputError for a cursor that another list gave, or nobody. */
function requireForm(places: ReturnType<typeof requirePlaces>, form: RegExp): void {
  for (const argument of ["after", "before"] as const) {
    if (places[argument] !== null && !form.test(places[argument])) {
      throw new InputError(argument, `${argument} must be a cursor that this list gave.`);
    }
  }
}
