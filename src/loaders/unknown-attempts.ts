import type { AttemptRecord } from "../store/attempt-record.ts";
import type { UnknownAttempts } from "../store/unknown-attempts.ts";
import { cursorOfPlace, Page, type PageArguments, requirePageSize, requirePlaces } from "./paging.ts";

const LIST = "ATTEMPT";

/** A page of the attempts of unknown outcome, newest first. Throws InputError. */
export async function unknownAttemptsPage(
  attempts: UnknownAttempts,
  args: PageArguments,
): Promise<Page<AttemptRecord>> {
  const { count, backwards } = requirePageSize(args);
  const { after, before } = requirePlaces(LIST, args);
  const [found, totalCount] = await Promise.all([
    attempts.listUnknown({
      limit: count + 1,
      reverse: backwards,
      ...(after !== null && { after }),
      ...(before !== null && { before }),
    }),
    attempts.countUnknown(),
  ]);
  const hasMore = found.length > count;
  const shown = backwards ? found.slice(0, count).toReversed() : found.slice(0, count);
  const places = new Map(shown.map(({ record, place }) => [record, place]));
  return new Page(
    shown.map(({ record }) => record),
    {
      totalCount,
      hasNextPage: backwards ? before !== null : hasMore,
      hasPreviousPage: backwards ? hasMore : after !== null,
      cursorOf: (record) => cursorOfPlace(LIST, places.get(record) ?? ""),
    },
  );
}
