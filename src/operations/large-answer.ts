import { TooCostlyError } from "../errors.ts";
import { yieldIfDue } from "../event-loop.ts";
import type { OperationPrice } from "./price.ts";

/** How many pieces and characters are written between two looks at the clock. */
const PIECES = 64;
const CHARACTERS = 500_000;

/**
 * What `JSON.stringify` returns for an answer, without holding the event loop. Throws TooCostlyError if it has more than
 * `mostCharacters`.
 */
export async function stringifyInTurns(
  value: object,
  mostCharacters: number = Number.POSITIVE_INFINITY,
): Promise<string> {
  const written: string[] = [];
  let characters = 0;
  let looked = { pieces: 0, characters: 0 };
  for (const piece of piecesOf(value)) {
    written.push(piece);
    characters += piece.length;
    if (characters > mostCharacters) {
      throw new TooCostlyError("size");
    }
    if (written.length - looked.pieces >= PIECES || characters - looked.characters >= CHARACTERS) {
      looked = { pieces: written.length, characters };
      await yieldIfDue();
    }
  }
  return written.join("");
}

function* piecesOf(value: unknown): Generator<string, void> {
  if (Array.isArray(value)) {
    yield "[";
    for (const [at, item] of value.entries()) {
      if (at > 0) {
        yield ",";
      }
      yield* piecesOf(item);
    }
    yield "]";
  } else if (isRecord(value) && Object.values(value).some(isNested)) {
    let before = "{";
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) {
        yield `${before}${JSON.stringify(key)}:`;
        yield* piecesOf(member);
        before = ",";
      }
    }
    yield before === "{" ? "{}" : "}";
  } else {
    yield JSON.stringify(value) ?? "null";
  }
}

function isNested(value: unknown): boolean {
  return Array.isArray(value) || isRecord(value);
}

/** A Date, for instance, is a value: it writes itself. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Answers with more objects are written in several turns of the event loop. */
const LARGE_OBJECTS = 500;
/** The same for operations that may have more values, because texts and aliases make few objects large. */
const LARGE_VALUES = 5_000;

/** Whether the answer to an operation with this price is, or may be, large. */
export function isLarge({ objects }: { readonly objects: number }, price: OperationPrice | null): boolean {
  return objects >= LARGE_OBJECTS || (price?.values ?? 0) >= LARGE_VALUES;
}
