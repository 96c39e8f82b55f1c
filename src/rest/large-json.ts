import { yieldIfDue } from "../event-loop.ts";

/** A JSON text with fewer bytes is parsed at once, which takes a millisecond or two. */
export const LARGE_BYTES = 256 * 1_024;

const BATCH_BYTES = 64 * 1_024;

const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Returns what `JSON.parse` returns for these bytes, without holding the event loop: a large array or object is cut at
 * the commas between its members, and the engine parses a few members at a time. Throws SyntaxError if it is no JSON.
 */
export async function parseLargeJson(bytes: Buffer): Promise<unknown> {
  return await new LargeJson(bytes).parse(skipBlanks(bytes, 0), bytes.length);
}

interface Members {
  /** Where members end: the positions of the commas between them, and of the closing bracket. */
  readonly ends: readonly number[];
  readonly close: number;
}

class LargeJson {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The one value between two positions, blanks around it allowed. */
  async parse(start: number, end: number): Promise<unknown> {
    const open = this.#bytes[start];
    if (end - start < LARGE_BYTES || (open !== OPEN_ARRAY && open !== OPEN_OBJECT)) {
      return JSON.parse(this.#bytes.toString("utf8", start, end));
    }
    const members = await this.#findMembers(start, end);
    if (skipBlanks(this.#bytes, members.close + 1) < end) {
      throw new SyntaxError("there is text after the JSON value");
    }
    return open === OPEN_ARRAY ? this.#parseArray(start, members) : this.#parseObject(start, members);
  }

  async #parseArray(start: number, { ends }: Members): Promise<unknown[]> {
    const items: unknown[] = [];
    for (const [from, to] of batches(start + 1, ends)) {
      const batch = JSON.parse(`[${this.#bytes.toString("utf8", from, to)}]`) as unknown[];
      if (batch.length === 0 && ends.length > 1) {
        throw new SyntaxError("an array has a comma without a member");
      }
      for (const item of batch) {
        items.push(item);
      }
      await yieldIfDue();
    }
    return items;
  }

  /** A large member is parsed by itself, so that a list inside an envelope is cut too. */
  async #parseObject(start: number, { ends }: Members): Promise<object> {
    const entries: [string, unknown][] = [];
    let from = start + 1;
    for (const to of ends) {
      if (to - from < LARGE_BYTES) {
        const part = Object.entries(JSON.parse(`{${this.#bytes.toString("utf8", from, to)}}`) as object);
        if (part.length === 0 && ends.length > 1) {
          throw new SyntaxError("an object has a comma without a member");
        }
        entries.push(...part);
      } else {
        const colon = this.#findColon(from, to);
        const key: unknown = JSON.parse(this.#bytes.toString("utf8", from, colon));
        if (typeof key !== "string") {
          throw new SyntaxError("a member's name is no string");
        }
        entries.push([key, await this.parse(skipBlanks(this.#bytes, colon + 1), to)]);
      }
      from = to + 1;
      await yieldIfDue();
    }
    return Object.fromEntries(entries);
  }

  /** The position of the colon after the name of the member that begins at `from`. */
  #findColon(from: number, to: number): number {
    const bytes = this.#bytes;
    let isInString = false;
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at];
      if (isInString && byte === BACKSLASH) {
        at += 1;
      } else if (byte === QUOTE) {
        isInString = !isInString;
      } else if (byte === 0x3a && !isInString) {
        return at;
      }
    }
    throw new SyntaxError("a member has no colon");
  }

  async #findMembers(start: number, end: number): Promise<Members> {
    const bytes = this.#bytes;
    const ends: number[] = [];
    let depth = 0;
    let isInString = false;
    for (let at = start; at < end; ) {
      for (const pause = Math.min(at + BATCH_BYTES, end); at < pause; at += 1) {
        const byte = bytes[at] as number;
        if (isInString) {
          if (byte === BACKSLASH) {
            at += 1;
          } else if (byte === QUOTE) {
            isInString = false;
          }
        } else if (byte === QUOTE) {
          isInString = true;
        } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
          depth += 1;
        } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
          depth -= 1;
          if (depth === 0) {
            // Wrong brackets between these two are found when the members are parsed.
            if (byte - (bytes[start] as number) !== 2) {
              throw new SyntaxError("a bracket is closed by one of the other kind");
            }
            ends.push(at);
            return { ends, close: at };
          }
        } else if (byte === COMMA && depth === 1) {
          ends.push(at);
        }
      }
      await yieldIfDue();
    }
    throw new SyntaxError("the JSON value has no end");
  }
}

/** Ranges of neighbouring members, about 64 KiB each. */
function* batches(first: number, ends: readonly number[]): Generator<readonly [from: number, to: number]> {
  let from = first;
  for (const [index, to] of ends.entries()) {
    if (to - from >= BATCH_BYTES || index === ends.length - 1) {
      yield [from, to];
      from = to + 1;
    }
  }
}

/** RFC 8259 §2, and the byte order mark that §8.1 lets a parser ignore. */
function skipBlanks(bytes: Buffer, from: number): number {
  let at = from === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : from;
  while (at < bytes.length && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09)) {
    at += 1;
  }
  return at;
}
