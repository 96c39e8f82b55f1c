// Temporal is part of Node 26. On Node 24 this defines it.
if (!("Temporal" in globalThis)) {
  await import("temporal-polyfill/global");
}

/** Whether the text is an IANA time zone identifier. Letter case counts: Pidj compares it so. */
export function isTimeZone(text: string): boolean {
  try {
    return /^[A-Za-z]/.test(text) && Temporal.Now.zonedDateTimeISO(text).timeZoneId === text;
  } catch {
    return false;
  }
}

/** The local time of a zone at an instant, without an offset: `2017-03-14T15:26:53.895`. */
export function toLocalTime(instant: Date, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(zone).toPlainDateTime();
  return local.toString({ fractionalSecondDigits: 3 });
}

/**
 * The instant at which a zone's local time is what `local` shows in UTC. If clocks are put back, an hour occurs twice:
 * the first one is meant. If they are put forward, an hour is skipped: 02:30 then means 03:30.
 */
export function fromLocalTime(local: Date, zone: string): Date {
  const shown = Temporal.Instant.fromEpochMilliseconds(local.getTime()).toZonedDateTimeISO("UTC").toPlainDateTime();
  return new Date(shown.toZonedDateTime(zone, { disambiguation: "compatible" }).epochMilliseconds);
}

/** The instants at which the clocks of a zone show a time: one, or the two candidates around a change of the clocks. */
export type LocalInstant =
  | { readonly kind: "one"; readonly at: Date }
  /** `skipped`: clocks never show it. `repeated`: they show it twice. Candidates: `2027-03-14T01:30:00-08:00`. */
  | { readonly kind: "skipped" | "repeated"; readonly candidates: readonly [earlier: string, later: string] };

/** Null if the text is no date and time without an offset, such as `2027-03-14T09:00` (ISO 8601, RFC 3339 without offset). */
export function parseLocalDateTime(text: string): string | null {
  try {
    return LOCAL.test(text) ? Temporal.PlainDateTime.from(text, { overflow: "reject" }).toString() : null;
  } catch {
    return null;
  }
}

const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/;

/** `local`: as `parseLocalDateTime` returns it. */
export function instantsOf(local: string, zone: string): LocalInstant {
  const shown = Temporal.PlainDateTime.from(local);
  const earlier = shown.toZonedDateTime(zone, { disambiguation: "earlier" });
  const later = shown.toZonedDateTime(zone, { disambiguation: "later" });
  if (earlier.equals(later)) {
    return { kind: "one", at: new Date(earlier.epochMilliseconds) };
  }
  const write = (at: Temporal.ZonedDateTime) => at.toString({ timeZoneName: "never", smallestUnit: "second" });
  const kind = earlier.toPlainDateTime().equals(shown) ? "repeated" : "skipped";
  return { kind, candidates: [write(earlier), write(later)] };
}
