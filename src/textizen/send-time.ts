import { hasOffset, isWritable, parseDateTime } from "../date-time.ts";
import type { Field } from "../errors.ts";
import { fromLocalTime, toLocalTime } from "../time-zones.ts";
import { read } from "./shapes.ts";

/**
 * A mailing's `send_at` in both directions (docs/platforms.md T-17). What was written is read back as the same instant.
 */
export interface SendTime {
  /** The text for the wire. */
  readonly write: (at: Date) => string;
  /** The instant that a wire value means; `absent` if there is no value. */
  readonly read: <Absent extends null | undefined>(value: unknown, absent: Absent) => Field<Date> | Absent;
}

/**
 * `zone` null: times are written in UTC with `Z`, and read as UTC if they have no offset. An IANA zone: times are
 * written as its clocks show them, without an offset as in Textizen's example (docs/platforms.md T-17), and read so if
 * they have no offset.
 */
export function createSendTime(zone: string | null): SendTime {
  if (zone === null) {
    return { write: (at) => at.toISOString(), read: (value, absent) => read.date(value, "send_at", absent) };
  }
  return {
    write: (at) => {
      const local = toLocalTime(at, zone);
      // On the last day of the year 9999 a zone's clocks may show the year 10000, which ISO 8601 cannot write.
      return parseDateTime(local) === null ? at.toISOString() : local;
    },
    read: (value, absent) => {
      const at = read.date(value, "send_at", absent);
      if (!(at instanceof Date) || hasOffset(String(value).trim())) {
        return at;
      }
      const instant = fromLocalTime(at, zone);
      return isWritable(instant) ? instant : read.defect("send_at");
    },
  };
}
