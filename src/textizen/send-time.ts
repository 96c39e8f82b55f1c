import type { Field } from "../errors.ts";
import { parseDateTime } from "../rest/date-time.ts";
import { read } from "./shapes.ts";

/**
 * A mailing's `send_at` on both ways (ambiguities T-17). What was written and is read back is the same instant, and what
 * was read and is written again the same text.
 */
export interface SendTime {
  /** The text for the wire. */
  readonly write: (at: Date) => string;
  /** The instant that a wire value says; `absent` where there is no value. */
  readonly read: <Absent extends null | undefined>(value: unknown, absent: Absent) => Field<Date> | Absent;
}

/**
 * `zone` null: written in UTC with `Z`, and read so where no offset is told. An IANA zone: written as its clocks show it,
 * without an offset as in the example (textizen-api.txt:273), and read so where none is told.
 *
 * Clocks that are put back show an hour twice: its times are written alike and read as the first of the two, in summer
 * time. Clocks that are put forward skip an hour: a time in it is read with the offset from before, as what they show
 * instead (02:30 as 03:30), and goes out so.
 */
export function createSendTime(zone: string | null): SendTime {
  if (zone === null) {
    return { write: (at) => at.toISOString(), read: (value, absent) => read.date(value, "send_at", absent) };
  }
  const showLocal = createClock(zone);
  return {
    write: showLocal,
    read: (value, absent) => {
      const at = read.date(value, "send_at", absent);
      return at instanceof Date && !OFFSET.test(String(value)) ? toInstant(at, showLocal) : at;
    },
  };
}

/** RFC 3339 §5.6: `time-offset`. */
const OFFSET = /(?:z|[+-][0-9]{2}:[0-9]{2})$/i;

const DAY = 24 * 60 * 60 * 1000;

/** The instant at which clocks show what is read off `local` in UTC. */
function toInstant(local: Date, showLocal: (at: Date) => string): Date {
  const offsetAt = (time: number) => (parseDateTime(showLocal(new Date(time)))?.getTime() ?? time) - time;
  const time = local.getTime();
  // No zone changes its clocks twice within two days: the offsets around are all there is to try.
  const before = time - offsetAt(time - DAY);
  const after = time - offsetAt(time + DAY);
  const isShown = (instant: number) => instant + offsetAt(instant) === time;
  return new Date(!isShown(before) && isShown(after) ? after : before);
}

/** Writes an instant as a zone's clocks show it: `2017-03-14T15:26:53.895`. */
function createClock(timeZone: string): (at: Date) => string {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "iso8601",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const { year = "", month, day, hour, minute, second, fractionalSecond } = parts;
    return `${year.padStart(4, "0")}-${month}-${day}T${hour}:${minute}:${second}.${fractionalSecond}`;
  };
}
