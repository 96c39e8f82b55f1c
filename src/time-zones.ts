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
