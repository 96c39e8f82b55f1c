import { yieldIfDue } from "../event-loop.ts";

/** How many pieces are written between two looks at the clock. */
const PIECES = 64;

/** What `JSON.stringify` returns for an answer, without holding the event loop. */
export async function stringifyInTurns(value: object): Promise<string> {
  const written: string[] = [];
  for (const piece of piecesOf(value)) {
    written.push(piece);
    if (written.length % PIECES === 0) {
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
