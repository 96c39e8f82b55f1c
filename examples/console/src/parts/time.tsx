import { LOCALE } from "../strings.ts";

const hour = new Intl.DateTimeFormat(LOCALE, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric" });
const full = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });

/** The hour of a moment of today, the day of any other; all of it as a tip. */
export function Time({ at }: { readonly at: string }) {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={at} title={full.format(date)}>
      {(isToday ? hour : day).format(date)}
    </time>
  );
}

export function showMoment(at: string): string {
  return full.format(new Date(at));
}
