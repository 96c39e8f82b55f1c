import type { Context } from "../context.ts";
import type { JobRecord } from "../store/jobs.ts";
import { isNever } from "./quiet-hours.ts";
import { type CheckedRow, numberOf } from "./rows.ts";

/** A row is looked at when its turn comes, and once more when quiet hours end that it met. */
const MOST_LOOKS = 2;
/** Adding a participant to a group, and reading it back. */
const CALLS_OF_GROUP = 2;

/**
 * The most platform calls that each of these rows makes, by what is known now. Not counted is what a row reads again after a
 * wait for its caller's limit, and what is tried again because a platform failed.
 */
export async function callsOfRows(
  { services }: Context,
  { kind, send, groupIds = [] }: Pick<JobRecord, "kind" | "send" | "groupIds">,
  rows: readonly CheckedRow[],
): Promise<number[]> {
  if (send === null) {
    return rows.map(() => 1 + (kind === "IMPORT_PARTICIPANTS" ? CALLS_OF_GROUP * groupIds.length : 0));
  }
  const asksZones = !isNever(send.quietHours);
  const looks = asksZones ? MOST_LOOKS : 1;
  const numbers = asksZones ? rows.map(numberOf).filter((number) => number !== null) : [];
  const links = await services.directory.links(numbers);
  // Of each contact that may have the number, the time zone is read.
  const readsOf = new Map(numbers.map((number, at) => [number, links[at]?.candidateIds.length ?? 0]));
  return rows.map((row) => {
    const number = numberOf(row);
    const reads = number === null ? 1 : (readsOf.get(number) ?? 0);
    return 1 + (row.participantId === undefined ? 0 : 1) + looks * reads;
  });
}
