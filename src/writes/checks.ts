import { type Id, type IdType, parseId } from "../ids.ts";
import { type Refusal, type RefusalCode, Refused } from "./refusal.ts";

/** Path to an argument, beginning with `input`. */
export type Path = readonly string[];

/** The value of an optional argument. */
export type Optional<Value = string> = Value | null | undefined;

interface Length {
  /** Code points. */
  readonly most?: number;
}

/**
 * Collects all errors of an input, so that the client learns of them at once. The values that the checks return are
 * valid only if `done` does not throw.
 */
export class Checks {
  readonly #refusals: Refusal[] = [];

  /** Refuses the value at a path; `message` is a whole sentence. */
  refuse(field: Path, message: string, code: RefusalCode = "INVALID_INPUT"): void {
    this.#refusals.push({ code, field, message });
  }

  id<Type extends IdType>(type: Type, field: Path, value: string): Id<Type> {
    if (parseId(type, value) === null) {
      this.refuse(field, `${nameOf(field)} must be the id of a ${type}.`);
    }
    return value as Id<Type>;
  }

  optionalId<Type extends IdType>(type: Type, field: Path, value: Optional): Optional<Id<Type>> {
    return typeof value === "string" ? this.id(type, field, value) : value;
  }

  /** A required text: neither empty nor blanks only. */
  text(field: Path, value: string, length: Length = {}): string {
    if (value.trim() === "") {
      this.refuse(field, `${nameOf(field)} must not be blank.`);
    }
    return this.#short(field, value, length);
  }

  /**
   * An optional text; an empty one counts as null. Blanks alone are refused: the platforms take them for nothing
   * (docs/platforms.md P-5), so that a slip of the keyboard would clear what is there.
   */
  optionalText(field: Path, value: Optional, length: Length = {}): Optional {
    if (typeof value === "string" && value !== "" && value.trim() === "") {
      this.refuse(field, `${nameOf(field)} must not be blanks alone. Leave it out, or give null for no value.`);
    }
    return typeof value === "string" && value !== "" ? this.#short(field, value, length) : value === "" ? null : value;
  }

  /** The parsed URL; null for one that is refused because it is no address of the web, or has a password. */
  webUrl(field: Path, value: string): URL | null {
    const url = URL.parse(value);
    if (url !== null && ["https:", "http:"].includes(url.protocol) && url.username === "" && url.password === "") {
      return url;
    }
    this.refuse(field, `${nameOf(field)} must be an http or https URL without a user name and password.`);
    return null;
  }

  /** The idempotency key; null if none was given, which creations allow. */
  idempotencyKey(value: Optional): string | null {
    return typeof value === "string" ? this.text(["input", "idempotencyKey"], value, { most: 255 }) : null;
  }

  /** Refuses null for a value that cannot be cleared; undefined is returned as it is. */
  notNull<Value>(field: Path, value: Optional<Value>): Value | undefined {
    if (value === null) {
      this.refuse(field, `${nameOf(field)} cannot be cleared; leave it out to keep it as it is.`);
      return undefined;
    }
    return value;
  }

  /** Refuses items that contain a separator of the platforms' lists. */
  listItems(field: Path, items: readonly string[]): void {
    items.forEach((item, at) => {
      if (/[|,]/.test(item)) {
        this.refuse([...field, String(at)], `${nameOf(field)} must hold neither | nor a comma.`);
      }
    });
  }

  /** Refuses an update without a change. */
  atLeastOne(changes: Readonly<Record<string, unknown>>): void {
    if (Object.values(changes).every((value) => value === undefined)) {
      this.refuse(["input"], `At least one of ${Object.keys(changes).join(", ")} must be given.`);
    }
  }

  /** Throws Refused, with everything that was refused. */
  done(): void {
    if (this.#refusals.length > 0) {
      throw new Refused(...this.#refusals);
    }
  }

  #short(field: Path, value: string, { most }: Length): string {
    if (most !== undefined && [...value].length > most) {
      this.refuse(field, `${nameOf(field)} must have at most ${most.toLocaleString("en")} characters.`);
    }
    return value;
  }
}

/** Each item once, in the order of first mention: a repeated item is not meant twice. */
export function once<Item>(items: readonly Item[]): readonly Item[] {
  return [...new Set(items)];
}

/** The name of the value at a path for clients: `homeAddress.state`, without list indexes. */
function nameOf(field: Path): string {
  return field.filter((part, at) => at > 0 && !/^[0-9]+$/.test(part)).join(".");
}

/** A creation's input, normalised: null and empty lists count as absent, so that equal inputs are equal. */
export function withoutNull(input: object): object {
  return Object.fromEntries(
    Object.entries(input)
      .filter(([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0))
      .map(([name, value]) => [
        name,
        typeof value === "object" && !Array.isArray(value) ? withoutNull(value) : (value as unknown),
      ]),
  );
}
