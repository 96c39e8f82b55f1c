import { InputError } from "../errors.ts";
import type { AttemptRecord } from "../store/attempt-record.ts";
import type { UnknownAttempts } from "../store/unknown-attempts.ts";
import { Page, type PageArguments, requirePageSize } from "./paging.ts";

/** A page of the attempts of unknown outcome, newest first. Throws InputError. */
export async function unknownAttemptsPage(
  attempts: UnknownAttempts,
  args: PageArguments,
): Promise<Page<AttemptRecord>> {
  const { count, backwards } = requirePageSize(args);
  const [after, before] = [placeOf("after", args.after), placeOf("before", args.before)];
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
      cursorOf: (record) => writePlace(places.get(record) ?? ""),
    },
  );
}

function writePlace(place: string): string {
  return Buffer.from(JSON.stringify(["ATTEMPT", place])).toString("base64url");
}

function placeOf(argument: string, cursor: string | null | undefined): string | null {
  if (cursor === null || cursor === undefined) {
    return null;
  }
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(parts) && parts[0] === "ATTEMPT" && typeof parts[1] === "string") {
      return parts[1];
    }
  } catch {
    // Refused below.
  }
  throw new InputError(argument, `${argument} must be a cursor that this list gave.`);
}
