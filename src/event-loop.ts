import { setImmediate as nextLoopTurn } from "node:timers/promises";

// A fifth of a delay that a frontend would notice, which leaves room for a garbage collection.
const TURN_MS = 10;

let turnBegan = performance.now();
/** Milliseconds of announced work in this turn: see `takeTurn`. */
let announced = 0;
let nextTurn: Promise<void> | null = null;

/**
 * A promise to wait for if the event loop was held for TURN_MS: it resolves after the loop has turned. Else null. All long
 * work of the process shares one clock, because short pieces of work add up.
 */
export function yieldIfDue(): Promise<void> | null {
  return performance.now() - turnBegan < TURN_MS ? null : turn();
}

interface Waiting {
  readonly milliseconds: number;
  readonly begin: () => void;
}

/** The work of one operation that waits for room, first come, first served. */
export class Line {
  #waiting: Waiting[] = [];
  #begun = 0;
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The one that has waited longest; undefined if none waits. */
  get first(): Waiting | undefined {
    return this.#waiting[this.#begun];
  }

  add(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  removeFirst(): void {
    this.#begun += 1;
    if (this.first === undefined) {
      this.#waiting = [];
      this.#begun = 0;
    }
  }

  /** Nobody needs the operation any more: what waits, and what will ask for room, never begins. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#begun = 0;
    const place = lines.indexOf(this);
    if (place >= 0) {
      lines.splice(place, 1);
    }
  }
}

/** Those in which somebody waits. The first one is next. Not a Set, for the reason of `createIndex`. */
const lines: Line[] = [];
let isServing = false;

/**
 * Asks for room for work that begins later in this turn of the event loop, such as a list that graphql-js completes: an
 * estimate, in milliseconds. Null if there is room; else a promise that resolves in a turn that has room. A clock alone
 * would let all who wait for a turn begin in it, before the first of them has worked. Operations take turns, so a small
 * one does not wait for all the work of a large one.
 */
export function takeTurn(milliseconds: number, line: Line): Promise<void> | null {
  if (!line.isClosed && lines.length === 0 && hasRoom(milliseconds)) {
    return null;
  }
  // A promise of its own even if nobody keeps it: one for all would keep what waits for it.
  return new Promise((begin) => {
    if (line.isClosed) {
      return;
    }
    if (line.first === undefined) {
      lines.push(line);
    }
    line.add({ milliseconds, begin });
    if (!isServing) {
      isServing = true;
      void turn().then(serve);
    }
  });
}

function serve(): void {
  for (let line = lines[0]; line !== undefined; line = lines[0]) {
    const { first } = line;
    if (first !== undefined && !hasRoom(first.milliseconds)) {
      void turn().then(serve);
      return;
    }
    lines.shift();
    line.removeFirst();
    if (line.first !== undefined) {
      // Behind the others. The loop comes back to it.
      lines.push(line);
    }
    first?.begin();
  }
  isServing = false;
}

function hasRoom(milliseconds: number): boolean {
  const isFree = performance.now() - turnBegan < TURN_MS && (announced === 0 || announced + milliseconds <= TURN_MS);
  announced += isFree ? milliseconds : 0;
  return isFree;
}

/** Values by any text. */
export type Index<Value> = Record<string, Value | undefined>;

/**
 * An index that changes with every call. Not a Map: V8 leaves a trace of what was deleted from one until the next full
 * collection of garbage, and with it all that these values hold, which makes every smaller collection slow.
 */
export function createIndex<Value>(): Index<Value> {
  return Object.create(null) as Index<Value>;
}

/** In no order. A Set that changes so often keeps what was in it alive: see `createIndex`. */
const expiring: Expiring[] = [];
let timer: NodeJS.Timeout | undefined;
/** When the timer fires: when the first of them expires, or earlier. */
let firesAt = Number.POSITIVE_INFINITY;

/**
 * Something that ends by itself at a time. One timer serves all, because most end long before their time. It sleeps until
 * then: one that looked every few milliseconds would wake a process that only waits for a platform.
 */
export abstract class Expiring {
  /** Its place in `expiring`; -1 while it is in no danger. */
  #place = -1;
  #expiresAt = Number.POSITIVE_INFINITY;

  /** On the clock of `performance.now()`. */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  abstract expire(): void;

  /** After this time, counted from now, `expire` is called. The last call counts. */
  protected expireIn(milliseconds: number): void {
    this.#expiresAt = performance.now() + milliseconds;
    if (this.#place < 0) {
      this.#place = expiring.push(this) - 1;
    }
    fireAt(this.#expiresAt);
  }

  protected keepFromExpiring(): void {
    const last = this.#place < 0 ? undefined : expiring.pop();
    if (last !== undefined && last !== this) {
      expiring[this.#place] = last;
      last.#place = this.#place;
    }
    this.#place = -1;
  }
}

function fireAt(time: number): void {
  if (time < firesAt) {
    firesAt = time;
    clearTimeout(timer);
    // What expires waits for a socket or a client, which keep the process alive if anything shall.
    timer = setTimeout(fire, time - performance.now()).unref();
  }
}

function fire(): void {
  const now = performance.now();
  firesAt = Number.POSITIVE_INFINITY;
  for (const thing of expiring.filter(({ expiresAt }) => expiresAt <= now)) {
    thing.expire();
  }
  for (const { expiresAt } of expiring) {
    fireAt(expiresAt);
  }
}

function turn(): Promise<void> {
  nextTurn ??= nextLoopTurn().then(() => {
    turnBegan = performance.now();
    announced = 0;
    nextTurn = null;
  });
  return nextTurn;
}
