import type { JobText, QuietHours } from "../store/job-records.ts";
import "../time-zones.ts";

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
/** Zones that leave no moment within so long leave none at all. */
const LONGEST_WAIT_MS = 48 * 3_600_000;
const MOST_STEPS = 200;

/** Whether a text is a time of day as quiet hours have it: `21:00`. */
export function isTimeOfDay(text: string): boolean {
  return TIME.test(text);
}

/** Whether the hours are none. */
export function isNever({ start, end }: QuietHours): boolean {
  return start === end;
}

/**
 * When somebody may be texted: now or later, in all zones in which the person may be; without one, in the job's. The job's
 * decides as well where zones around the earth leave no moment that suits all.
 */
export function allowedAt(
  now: Date,
  zones: readonly string[],
  { quietHours, timeZone }: Pick<JobText, "quietHours" | "timeZone">,
): Date {
  const first = zones.length === 0 ? null : firstAllowed(now, zones, quietHours);
  return first ?? firstAllowed(now, [timeZone], quietHours) ?? now;
}

/**
 * The first moment, from now on, that is in the quiet hours of none of the zones: now if it may be. Null if their quiet
 * hours leave no moment together.
 */
export function firstAllowed(now: Date, zones: readonly string[], hours: QuietHours): Date | null {
  let time = now.getTime();
  for (let step = 0; step < MOST_STEPS && time - now.getTime() <= LONGEST_WAIT_MS; step += 1) {
    const ends = zones.map((zone) => quietUntil(time, zone, hours)).filter((end) => end !== null);
    if (ends.length === 0) {
      return new Date(time);
    }
    time = Math.max(...ends);
  }
  return null;
}

/** When the quiet hours end in which a moment is; null if it is in none. */
function quietUntil(time: number, zone: string, hours: QuietHours): number | null {
  const { start, end } = hours;
  const local = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone);
  const [clock, from, until] = [local.toPlainTime(), Temporal.PlainTime.from(start), Temporal.PlainTime.from(end)];
  const isAfterStart = Temporal.PlainTime.compare(clock, from) >= 0;
  const isBeforeEnd = Temporal.PlainTime.compare(clock, until) < 0;
  const spansMidnight = Temporal.PlainTime.compare(from, until) > 0;
  if (isNever(hours) || !(spansMidnight ? isAfterStart || isBeforeEnd : isAfterStart && isBeforeEnd)) {
    return null;
  }
  const day = local.toPlainDate().add({ days: spansMidnight && isAfterStart ? 1 : 0 });
  const ending = day.toPlainDateTime(until);
  const earlier = ending.toZonedDateTime(zone, { disambiguation: "earlier" });
  if (!earlier.toPlainDateTime().equals(ending)) {
    // The clocks skip the end: they are past it when they have been put forward.
    return earlier.getTimeZoneTransition("next")?.epochMilliseconds ?? earlier.epochMilliseconds;
  }
  // In an hour that the clocks repeat, the end's first occurrence may have passed already.
  return earlier.epochMilliseconds > time
    ? earlier.epochMilliseconds
    : ending.toZonedDateTime(zone, { disambiguation: "later" }).epochMilliseconds;
}
