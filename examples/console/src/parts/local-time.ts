const DAY = 24 * 60 * 60 * 1000;

/** What a time such as `2026-12-01T09:00` means by the clocks of a zone. Moments are ISO 8601 in UTC. */
export type LocalTime =
  | { readonly kind: "one"; readonly at: string }
  /** A change of the clocks skips that time, or shows it twice: which one is meant, a person has to say. */
  | { readonly kind: "skipped" | "repeated"; readonly candidates: readonly [earlier: string, later: string] };

/** Null if the text is no time. */
export function readLocalTime(local: string, zone: string): LocalTime | null {
  const shown = Date.parse(`${local}Z`);
  if (Number.isNaN(shown)) {
    return null;
  }
  // Whatever the clocks are ahead by a day before and a day after.
  const [before, after] = [shown - DAY, shown + DAY].map((at) => shown - offsetAt(at, zone)) as [number, number];
  const isShown = (at: number) => at + offsetAt(at, zone) === shown;
  const write = (at: number) => new Date(at).toISOString();
  if (before === after || isShown(before) !== isShown(after)) {
    return { kind: "one", at: write(isShown(before) ? before : after) };
  }
  const candidates = [write(Math.min(before, after)), write(Math.max(before, after))] as const;
  return { kind: isShown(before) ? "repeated" : "skipped", candidates };
}

/** What the clocks of a zone show at a moment: `2026-12-01T09:00`. */
export function writeLocalTime(at: string, zone: string): string {
  const moment = Date.parse(at);
  return new Date(moment + offsetAt(moment, zone)).toISOString().slice(0, "2026-12-01T09:00".length);
}

/** By how many milliseconds the clocks of a zone are ahead of UTC at a moment. */
function offsetAt(at: number, zone: string): number {
  const part = { day: "numeric", month: "numeric", year: "numeric", hour: "numeric", minute: "numeric" } as const;
  const format = new Intl.DateTimeFormat("en-US", { ...part, second: "numeric", timeZone: zone, hourCycle: "h23" });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const [year, month, day] = [parts.get("year"), parts.get("month"), parts.get("day")];
  const [hour, minute, second] = [parts.get("hour"), parts.get("minute"), parts.get("second")];
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}
