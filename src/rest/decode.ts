import { parseDateTime } from "../date-time.ts";
import { type Field, type Platform, PlatformError } from "../errors.ts";
import { listOf, textOf } from "../json.ts";
import { type E164, parseWrittenNumber } from "../phone.ts";

const INT32_MAX = 2 ** 31 - 1;
const LONGEST_MESSAGE = 300;

/**
 * Reads the values of one platform's records. Each method returns the value; null if it is null or blank, which both
 * platforms use for "none"; `absent` if the key is missing, which is null in a detail and undefined in a row; and a
 * PlatformError `shape` if the value has another type. That error is made once for each name, however many rows are
 * defective.
 */
export class FieldReader {
  readonly #platform: Platform;
  readonly #defects = new Map<string, PlatformError>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  text<Absent extends null | undefined>(value: unknown, name: string, absent: Absent): Field<string> | Absent {
    if (typeof value === "string") {
      return value === "" ? null : value;
    }
    const digits = typeof value === "number" ? textOf(value) : null;
    return digits ?? this.#other(value, name, absent);
  }

  /**
   * A telephone number in its written form. A JSON number must certainly be one, because it has lost everything but its
   * digits.
   */
  phone<Absent extends null | undefined>(value: unknown, name: string, absent: Absent): Field<string> | Absent {
    return typeof value === "number" && parseWrittenNumber(String(value)) === null
      ? this.defect(name)
      : this.text(value, name, absent);
  }

  /** A JSON boolean, or `true`, `false`, `1` or `0` as text or number. */
  flag<Absent extends null | undefined>(value: unknown, name: string, absent: Absent): Field<boolean> | Absent {
    switch (value) {
      case true:
      case "true":
      case 1:
      case "1":
        return true;
      case false:
      case "false":
      case 0:
      case "0":
        return false;
      default:
        return this.#other(value, name, absent);
    }
  }

  /** An integer of 32 bits, or its digits as text. */
  integer<Absent extends null | undefined>(value: unknown, name: string, absent: Absent): Field<number> | Absent {
    const number = typeof value === "string" && /^-?[0-9]{1,10}$/.test(value) ? Number(value) : value;
    if (typeof number === "number" && Number.isInteger(number) && Math.abs(number) <= INT32_MAX) {
      return number;
    }
    return this.#other(value, name, absent);
  }

  /** An instant: see `parseDateTime`. */
  date<Absent extends null | undefined>(value: unknown, name: string, absent: Absent): Field<Date> | Absent {
    if (typeof value === "string" && value !== "") {
      return parseDateTime(value.trim()) ?? this.defect(name);
    }
    return this.#other(value, name, absent);
  }

  texts<Absent extends null | undefined>(
    value: unknown,
    name: string,
    absent: Absent,
  ): Field<readonly string[]> | Absent {
    const texts = value === undefined ? null : listOf(value)?.map(textOf);
    if (!texts) {
      return this.#other(value, name, absent);
    }
    return texts.every((text) => text !== null) ? texts : this.defect(name);
  }

  /** The decoded members of a list. */
  list<Value, Absent extends null | undefined>(
    value: unknown,
    name: string,
    absent: Absent,
    decode: (items: readonly unknown[]) => Value,
  ): Value | Field<never> | Absent {
    const items = listOf(value);
    return items === null ? this.#other(value, name, absent) : decode(items);
  }

  /** The error that replaces a value that cannot be read. */
  defect(name: string): PlatformError {
    let error = this.#defects.get(name);
    if (error === undefined) {
      error = new PlatformError(this.#platform, "shape", `${name} cannot be read`);
      this.#defects.set(name, error);
    }
    return error;
  }

  /** The E.164 in a number as `phone` read it; what cannot be read stays an error, and is not null. */
  e164(display: Field<string>): Field<E164> {
    return typeof display === "string" ? parseWrittenNumber(display) : display;
  }

  #other<Absent extends null | undefined>(value: unknown, name: string, absent: Absent): PlatformError | null | Absent {
    if (value === undefined) {
      return absent;
    }
    return value === null || value === "" ? null : this.defect(name);
  }
}

/**
 * A platform's sentence in the form in which clients may see it: without tags, white space and control characters
 * folded, at most 300 characters. Null if it is no text or nothing is left.
 */
export function cleanMessage(value: unknown): string | null {
  if (typeof value !== "string") {
    return null;
  }
  const plain = value
    .slice(0, 10 * LONGEST_MESSAGE)
    .replace(/<\/?[a-z!][^>]*(?:>|$)/gi, " ")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  if (plain === "") {
    return null;
  }
  const cut = plain.slice(0, LONGEST_MESSAGE);
  // A surrogate pair must not be cut in half.
  return cut.isWellFormed() ? cut : cut.replace(/[\uD800-\uDBFF]$/, "").toWellFormed();
}
