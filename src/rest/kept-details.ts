import { LRUCache } from "lru-cache";
import type { Platform } from "../errors.ts";
import type { Stamp, Versions } from "../freshness/versions.ts";
import type { ReadScope } from "./calls.ts";

interface KeptDetail {
  readonly value: NonNullable<unknown>;
  readonly stamp: Stamp;
}

interface KeptDetailsOptions {
  readonly versions: Versions;
  /** How long a record is served; 0 keeps nothing. */
  readonly milliseconds: number;
  /** Characters of all kept records together. Default: 50 million. A record with more than a fiftieth is not kept. */
  readonly mostCharacters?: number;
}

/** A record that an operation reads by its id. */
export interface DetailRead<Value> {
  readonly platform: Platform;
  readonly route: string;
  readonly id: string;
  readonly scope: ReadScope;
  /** Makes the call. */
  readonly read: () => Promise<Value>;
  /** Called with the age of a record that was served without a call, in milliseconds. */
  readonly onKept: (age: number) => void;
}

/**
 * Records that were read by id, for the operations of the next seconds. Off unless the operator wants it. A record from
 * before a write or an event of its platform is never served, nor one that a write with an unknown outcome may still
 * change. What is missing and what failed is not kept, nor a record with a field that could not be read.
 */
export class KeptDetails {
  readonly #versions: Versions;
  readonly #milliseconds: number;
  readonly #mostOfOne: number;
  readonly #kept: LRUCache<string, KeptDetail> | null;

  constructor({ versions, milliseconds, mostCharacters = 50_000_000 }: KeptDetailsOptions) {
    this.#versions = versions;
    this.#milliseconds = milliseconds;
    this.#mostOfOne = mostCharacters / 50;
    this.#kept = milliseconds === 0 ? null : new LRUCache({ maxSize: mostCharacters });
  }

  /** A fresh scope gets a call of its own. Rejects as the call does. */
  get<Value>(asked: DetailRead<Value>): Promise<Value> {
    return this.#kept === null ? asked.read() : this.#look(this.#kept, asked);
  }

  async #look<Value>(
    all: LRUCache<string, KeptDetail>,
    { platform, route, id, scope, read, onKept }: DetailRead<Value>,
  ): Promise<Value> {
    const name = `${platform} ${route} ${id}`;
    await this.#versions.confirm();
    const kept = scope.isFresh ? undefined : all.get(name);
    const age = kept === undefined ? 0 : this.#versions.now() - kept.stamp.at;
    if (kept !== undefined && age < this.#milliseconds && this.#versions.mayServeKept(kept.stamp)) {
      onKept(age);
      // The route decides the type of its records.
      return kept.value as Value;
    }
    const stamp = this.#versions.stamp(platform);
    const value = await read();
    const size = value === null || value === undefined ? null : sizeOf(value, this.#mostOfOne);
    if (value !== null && value !== undefined && size !== null) {
      all.set(name, { value, stamp }, { size: size + name.length });
    }
    return value;
  }
}

/** What a value beside its text costs: a number, a date, a property. */
const CHARACTERS_OF_VALUE = 8;

/**
 * About how many characters a record has; null if more than `most`, so that a large one does not hold the event loop, or
 * if a field of it could not be read.
 */
function sizeOf(value: unknown, most: number): number | null {
  if (value instanceof Error) {
    return null;
  }
  let size = CHARACTERS_OF_VALUE + (typeof value === "string" ? value.length : 0);
  for (const part of typeof value === "object" && value !== null ? Object.values(value) : []) {
    const more = sizeOf(part, most - size);
    if (more === null) {
      return null;
    }
    size += more;
  }
  return size > most ? null : size;
}
