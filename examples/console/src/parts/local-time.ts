const DAY = 24 * 60 * 60 * 1000;

/**
 * The moment at which the clocks of a zone show a time such as `2026-12-01T09:00`. Null if a change of the clocks skips
 * that time or shows it twice: which one is meant then, a person has to say.
 */
export function momentOf(local: string, zone: string): Date | null {
  const shown = Date.parse(`${local}Z`);
  if (Number.isNaN(shown)) {
    return null;
  }
  // Whatever the clocks are ahead by a day before and a day after.
  const offsets = new Set([shown - DAY, shown + DAY].map((at) => offsetAt(at, zone)));
  const [moment, ...others] = [...offsets]
    .map((offset) => shown - offset)
    .filter((at) => at + offsetAt(at, zone) === shown);
  return moment === undefined || others.length > 0 ? null : new Date(moment);
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
