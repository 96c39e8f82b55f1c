import { LOCALE } from "../strings.ts";

const hour = new Intl.DateTimeFormat(LOCALE, { hour: "numeric", minute: "2-digit" });
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
