import { useAccountZone } from "../session.tsx";
import { LOCALE, strings } from "../strings.ts";

/** Where the clocks of the person at the screen are. */
export const OWN_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const hour = new Intl.DateTimeFormat(LOCALE, { hour: "numeric", minute: "2-digit" });
const second = new Intl.DateTimeFormat(LOCALE, { timeStyle: "medium" });
const dayAndHour = new Intl.DateTimeFormat(LOCALE, {
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
});
const day = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric" });
const longDay = new Intl.DateTimeFormat(LOCALE, { weekday: "long", month: "long", day: "numeric" });
const relativeDay = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
const DAY_MS = 86_400_000;
const full = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });

interface TimeProps {
  readonly at: string;
  /** The day is said elsewhere. */
  readonly isHour?: boolean;
}

/** The hour of a moment of today, the day of any other; all of it as a tip. */
export function Time({ at, isHour = false }: TimeProps) {
  const date = new Date(at);
  const isToday = isHour || date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={at} title={full.format(date)}>
      {(isToday ? hour : day).format(date)}
    </time>
  );
}

/** A moment by the account's clocks, and by those of the person at the screen if they differ. */
export function Moment({ at }: { readonly at: string }) {
  const zone = useAccountZone();
  return (
    <time dateTime={at} className="moment">
      <span>{showMomentIn(at, zone)}</span>
      {zone !== OWN_ZONE && <span className="muted">{strings.zones.forYou(showMomentIn(at, OWN_ZONE))}</span>}
    </time>
  );
}

/** To the second, with the day unless it is today: when something happened to the server. */
export function Clock({ at }: Pick<TimeProps, "at">) {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={at} title={full.format(date)}>
      {(isToday ? second : dayAndHour).format(date)}
    </time>
  );
}

/** `Mon, Dec 7, 2026, 9:00 AM MST`. */
export function showMomentIn(at: string, zone: string): string {
  const format = { weekday: "short", day: "numeric", month: "short", year: "numeric" } as const;
  const clock = { hour: "numeric", minute: "2-digit", timeZoneName: "short", timeZone: zone } as const;
  return new Intl.DateTimeFormat(LOCALE, { ...format, ...clock }).format(new Date(at));
}

/** `today at 11:00 AM EST`, or `on Friday at 8:00 AM EST`: a moment of this day or the next ones. */
export function showSoonIn(at: string, zone: string): string {
  const date = new Date(at);
  const clock = { hour: "numeric", minute: "2-digit", timeZoneName: "short", timeZone: zone } as const;
  const time = new Intl.DateTimeFormat(LOCALE, clock).format(date);
  const days = new Intl.DateTimeFormat(LOCALE, { dateStyle: "short", timeZone: zone });
  return days.format(date) === days.format(new Date())
    ? strings.zones.today(time)
    : strings.zones.onDay(new Intl.DateTimeFormat(LOCALE, { weekday: "long", timeZone: zone }).format(date), time);
}

/** `7:59 AM` if that is today, otherwise `Nov 28, 7:59 AM`: for what is soon. */
export function showSoon(at: string): string {
  const date = new Date(at);
  return (date.toDateString() === new Date().toDateString() ? hour : dayAndHour).format(date);
}

export function showMoment(at: string): string {
  return full.format(new Date(at));
}

/** `Today`, `Yesterday`, or the day with its name: above the texts of that day. */
export function showDay(at: string): string {
  const date = new Date(at);
  const daysAgo = Math.round((startOfDay(new Date()) - startOfDay(date)) / DAY_MS);
  return daysAgo < 2 ? relativeDay.format(-daysAgo, "day") : longDay.format(date);
}

function startOfDay(date: Date): number {
  return new Date(date).setHours(0, 0, 0, 0);
}
