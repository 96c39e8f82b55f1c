import { setTimeout as sleep } from "node:timers/promises";

/** The lists that all operations share, and the platform of each. */
export const KEPT_LISTS = {
  contacts: "PIDJ",
  pidjGroups: "PIDJ",
  series: "PIDJ",
  surveys: "PIDJ",
  participants: "TEXTIZEN",
  textizenGroups: "TEXTIZEN",
  campaigns: "TEXTIZEN",
  polls: "TEXTIZEN",
} as const;

export type KeptListName = keyof typeof KEPT_LISTS;

export const ALL_KEPT_LISTS = Object.keys(KEPT_LISTS) as KeptListName[];

/** What a change may make stale, in addition to the store's own rows: a list and its platform, or a platform only. */
export type Changed = KeptListName | (typeof KEPT_LISTS)[KeptListName];

/** Everything that has a version. The version `any` is raised by every change, also of the store's rows. */
type VersionName = Changed | "any";

/** The time and versions of a read. Compare the stamp before the result is served to another reader. */
export interface Stamp {
  readonly name: VersionName;
  readonly version: number;
  readonly at: number;
}

/** Shares versions between processes as one text, which is compared and replaced. Both methods may throw. */
export interface SharedVersions {
  read(): Promise<string | null>;
  /** False, and nothing written, if the text is not `was`. */
  replace(was: string | null, becomes: string): Promise<boolean>;
}

interface VersionsOptions {
  /** Null if no other process writes to the same platforms and store. */
  readonly shared?: SharedVersions | null;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/**
 * Milliseconds that a result may be served without checking what other processes wrote; also the least time between two
 * checks.
 */
const TRUSTED_MS = 1_000;
/** The least time between two looks. Shorter, so that what a look confirmed is still trusted a moment later. */
const LOOK_MS = 900;
/** The longest wait for the shared versions. */
const MOMENT_MS = 250;
/** Milliseconds after an unknown outcome in which a platform may still carry out the write. */
const UNSETTLED_MS = 60_000;
const MOST_TRIES = 20;

/**
 * Tells whether an earlier read is still good. A version is raised before a write's first byte is sent, as the write's
 * last act, and when an event was stored. Everything that keeps or shares results compares stamps and has no counter of
 * its own. With `shared`, a process also sees what other processes raised, at most a second late.
 */
export class Versions {
  readonly #shared: SharedVersions | null;
  /** Milliseconds of a clock that never goes back: the time of stamps. */
  readonly now: () => number;
  readonly #versions = new Map<VersionName, number>();
  /**
   * Lists that were read before this time are not kept, because a write with an unknown outcome may have changed them.
   */
  readonly #unsettledUntil = new Map<VersionName, number>();
  /** The shared text as last read, and the names that were raised here and are not in it yet. */
  #text: string | null = null;
  #unpublished = new Set<string>();
  #publishing: Promise<void> = Promise.resolve();
  #looking: Promise<void> | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #confirmedAt = Number.NEGATIVE_INFINITY;

  constructor({ shared = null, now = () => performance.now() }: VersionsOptions = {}) {
    this.#shared = shared;
    this.now = now;
  }

  /** The stamp of a read that begins now. */
  stamp(name: VersionName): Stamp {
    return { name, version: this.#versions.get(name) ?? 0, at: this.now() };
  }

  /**
   * True if nothing has changed since the stamp, as far as this process knows, and its knowledge is at most a second
   * old. If it is older, a check begins for the next caller; `confirm` waits for that check.
   */
  isCurrent({ name, version, at }: Stamp): boolean {
    if (version !== (this.#versions.get(name) ?? 0)) {
      return false;
    }
    const isConfirmed = this.#shared === null || this.now() - Math.max(at, this.#confirmedAt) < TRUSTED_MS;
    if (!isConfirmed) {
      void this.confirm();
    }
    return isConfirmed;
  }

  /** Like `isCurrent`, for kept lists: false also if a write with an unknown outcome may still change them. */
  mayServeKept(stamp: Stamp): boolean {
    return this.isCurrent(stamp) && stamp.at >= (this.#unsettledUntil.get(stamp.name) ?? Number.NEGATIVE_INFINITY);
  }

  /**
   * Takes over what other processes raised, with about one look a second; null if there is nothing to wait for. Waits a
   * moment at most and never throws: if the look fails or hangs, nothing older than a second is current.
   */
  confirm(): Promise<void> | null {
    if (this.#looking === null && this.#shared !== null && this.now() - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = this.now();
      this.#looking = withinMoment(this.#look(this.#shared)).finally(() => {
        this.#looking = null;
      });
    }
    return this.#looking;
  }

  /**
   * Raises these versions; without any, that of the store's rows. It takes effect in this process at once, and in the
   * others when the promise resolves, or later if they cannot be reached. Never rejects. With `isUnknown`, the change
   * may also happen later, so for a minute nothing read of these lists, and of these platforms, is kept.
   */
  raise(changes: readonly Changed[], { isUnknown = false } = {}): Promise<void> {
    const names: VersionName[] = ["any", ...changes.flatMap((name) => [name, platformOf(name)])];
    const keys = new Set([...names, ...(isUnknown ? names.slice(1).map((name) => UNSETTLED + name) : [])]);
    for (const key of keys) {
      this.#raiseHere(key, UNSETTLED_MS);
    }
    if (this.#shared === null) {
      return Promise.resolve();
    }
    this.#unpublished = this.#unpublished.union(keys);
    return withinMoment(this.#publish(this.#shared));
  }

  #raiseHere(key: string, unsettledMilliseconds: number): void {
    if (key.startsWith(UNSETTLED)) {
      const name = key.slice(UNSETTLED.length) as VersionName;
      const until = this.now() + unsettledMilliseconds;
      this.#unsettledUntil.set(name, Math.max(until, this.#unsettledUntil.get(name) ?? until));
    } else {
      this.#versions.set(key as VersionName, (this.#versions.get(key as VersionName) ?? 0) + 1);
    }
  }

  async #look(shared: SharedVersions): Promise<void> {
    const began = this.now();
    try {
      if (this.#unpublished.size > 0) {
        await this.#publish(shared);
      }
      this.#take(await shared.read());
      this.#confirmedAt = Math.max(this.#confirmedAt, began);
    } catch {
      // `isCurrent` prevents results from being served that cannot be confirmed.
    }
  }

  /** Raises here what other processes raised since the text was last read. */
  #take(text: string | null): void {
    const [was, is] = [parse(this.#text), parse(text)];
    this.#text = text;
    for (const key of Object.keys({ ...was, ...is }).filter((each) => was[each] !== is[each])) {
      const left = (is[key] ?? 0) - Date.now();
      this.#raiseHere(key, Math.min(Math.max(left, 0), UNSETTLED_MS));
    }
  }

  /** One at a time, so that simultaneous raises are written together. After a failure, the next check tries again. */
  #publish(shared: SharedVersions): Promise<void> {
    this.#publishing = this.#publishing.then(() => this.#write(shared)).catch(() => undefined);
    return this.#publishing;
  }

  async #write(shared: SharedVersions): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES && this.#unpublished.size > 0; tries += 1) {
      const keys = this.#unpublished;
      // A name that is raised again after this point is written again.
      this.#unpublished = new Set();
      const known = parse(this.#text);
      const raised = [...keys].map((key) => {
        return [key, key.startsWith(UNSETTLED) ? Date.now() + UNSETTLED_MS : (known[key] ?? 0) + 1] as const;
      });
      const becomes = JSON.stringify({ ...known, ...Object.fromEntries(raised) });
      let isWritten = false;
      try {
        isWritten = await shared.replace(this.#text, becomes);
      } finally {
        if (!isWritten) {
          this.#unpublished = this.#unpublished.union(keys);
        }
      }
      if (isWritten) {
        this.#text = becomes;
      } else {
        this.#take(await shared.read());
      }
    }
  }
}

/** Prefix of a list's name in the shared text: until when (milliseconds since 1970) a write may still change it. */
const UNSETTLED = "unsettled ";

function platformOf(name: Changed): Changed {
  return name === "PIDJ" || name === "TEXTIZEN" ? name : KEPT_LISTS[name];
}

function parse(text: string | null): Readonly<Record<string, number>> {
  try {
    return text === null ? {} : ((JSON.parse(text) ?? {}) as Record<string, number>);
  } catch {
    return {};
  }
}

function withinMoment(work: Promise<void>): Promise<void> {
  return Promise.race([work, sleep(MOMENT_MS, undefined, { ref: false })]);
}
