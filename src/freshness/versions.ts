import { randomUUID } from "node:crypto";
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

/** Shares versions between processes, as texts by name. Both methods may throw. */
export interface SharedVersions {
  /** In the order of the names, all at one moment; null for one that was never written. */
  read(names: readonly string[]): Promise<(string | null)[]>;
  /** Writes all, or none and returns false if one is not what it was; `was` undefined: whatever it was. */
  write(rows: readonly SharedVersion[]): Promise<boolean>;
}

interface SharedVersion {
  readonly name: string;
  readonly was?: string | null;
  readonly becomes: string;
}

interface VersionsOptions {
  /** Null if no other process writes to the same platforms and store. */
  readonly shared?: SharedVersions | null;
  /** True if each operation looks at the shared versions when it begins, and false if a look every second will do. */
  readonly isStrict?: boolean;
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
/** The longest wait for the shared versions, and the longest where they are a promise. */
const MOMENT_MS = 250;
const STRICT_MOMENT_MS = 2_000;
/** Milliseconds after an unknown outcome in which a platform may still carry out the write. */
const UNSETTLED_MS = 60_000;

/**
 * Tells whether an earlier read is still good. A version is raised before a write's first byte is sent, as the write's
 * last act, and when an event was stored. Everything that keeps or shares results compares stamps and has no counter of
 * its own.
 *
 * With `shared`, a process also sees what other processes raised, at most a second late. With `isStrict`, an operation
 * that waits for `begin` sees everything that was raised anywhere before it began. If it cannot look, no earlier read is
 * good for it.
 */
export class Versions {
  readonly #shared: SharedVersions | null;
  readonly #isStrict: boolean;
  /** Milliseconds of a clock that never goes back: the time of stamps. */
  readonly now: () => number;
  readonly #versions = new Map<VersionName, number>();
  /**
   * Lists that were read before this time are not kept, because a write with an unknown outcome may have changed them.
   */
  readonly #unsettledUntil = new Map<VersionName, number>();
  /** The shared texts as last seen, and the names that were raised here and are not shared yet. */
  readonly #seen = new Map<string, string | null>();
  #unpublished = new Set<string>();
  #publishing: Promise<void> = Promise.resolve();
  #looking: Promise<void> | null = null;
  /** A look that begins when the running one has ended. */
  #nextLook: Promise<void> | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  /** True if the last look failed. */
  #isCutOff = false;

  constructor({ shared = null, isStrict = false, now = () => performance.now() }: VersionsOptions = {}) {
    this.#shared = shared;
    this.#isStrict = isStrict;
    this.now = now;
  }

  /** The stamp of a read that begins now. */
  stamp(name: VersionName): Stamp {
    return { name, version: this.#versions.get(name) ?? 0, at: this.now() };
  }

  /**
   * What an operation waits for before it reads, so that it shows everything that was answered anywhere before; null if
   * there is nothing to wait for. Never rejects. If the look fails, `isCurrent` is false until one succeeds.
   */
  begin(): Promise<void> | null {
    const shared = this.#shared;
    if (!this.#isStrict || shared === null) {
      return null;
    }
    if (this.#isCutOff) {
      // Nobody waits for a store that does not answer.
      void this.#lookNow(shared);
      return null;
    }
    // A running look may have read before something was raised that this operation must show.
    this.#nextLook ??= (this.#looking ?? Promise.resolve()).then(async () => {
      this.#nextLook = null;
      await this.#lookNow(shared, 0);
    });
    return this.#nextLook;
  }

  /**
   * True if nothing has changed since the stamp, as far as this process knows, and its knowledge is at most a second
   * old. If it is older, a check begins for the next caller; `confirm` waits for that check.
   */
  isCurrent({ name, version, at }: Stamp): boolean {
    if (version !== (this.#versions.get(name) ?? 0)) {
      return false;
    }
    if (this.#isStrict) {
      return !this.#isCutOff;
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
   * moment at most and never throws: if the look fails or hangs, nothing older than a second is current. With `isStrict`,
   * `begin` has done it.
   */
  confirm(): Promise<void> | null {
    return this.#isStrict || this.#shared === null ? null : this.#lookNow(this.#shared);
  }

  /** Joins the running look, or begins one if the last one is long enough ago. */
  #lookNow(shared: SharedVersions, least = LOOK_MS): Promise<void> | null {
    if (this.#looking === null && this.now() - this.#lookedAt >= least) {
      this.#lookedAt = this.now();
      this.#looking = this.#withinMoment(this.#look(shared)).finally(() => {
        this.#looking = null;
      });
    }
    return this.#looking;
  }

  /**
   * Raises these versions; without any, that of the store's rows. It takes effect in this process at once, and in the
   * others when the promise resolves, or later if they cannot be reached. Never rejects. With `isUnknown`, the change
   * may also happen later, so for a minute nothing read of these lists, and of their platforms, is kept.
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
    const published = this.#publish(this.#shared);
    return this.#isStrict && this.#isCutOff ? Promise.resolve() : this.#withinMoment(published);
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
      // Every raise changes this one.
      const [any = null] = await shared.read(["any"]);
      if (!this.#seen.has("any") || this.#seen.get("any") !== any) {
        this.#take(await shared.read(SHARED_NAMES));
      }
      if (this.#isStrict && this.#isCutOff) {
        // Others were cut off too, perhaps, and have not told yet what they wrote.
        for (const name of VERSION_NAMES) {
          this.#raiseHere(name, 0);
        }
      }
      this.#isCutOff = false;
      this.#confirmedAt = Math.max(this.#confirmedAt, began);
    } catch {
      // `isCurrent` prevents results from being served that cannot be confirmed.
      this.#isCutOff = true;
    }
  }

  /** Raises here what other processes raised since the texts were last read. */
  #take(texts: readonly (string | null)[]): void {
    for (const [at, name] of SHARED_NAMES.entries()) {
      const text = texts[at] ?? null;
      if ((this.#seen.get(name) ?? null) !== text) {
        const left = Number(text) - Date.now();
        this.#raiseHere(name, Math.min(Math.max(left || 0, 0), UNSETTLED_MS));
      }
      this.#seen.set(name, text);
    }
  }

  /** One at a time, so that simultaneous raises are written together. After a failure, the next check tries again. */
  #publish(shared: SharedVersions): Promise<void> {
    this.#publishing = this.#publishing.then(() => this.#write(shared)).catch(() => undefined);
    return this.#publishing;
  }

  async #write(shared: SharedVersions): Promise<void> {
    const names = this.#unpublished;
    if (names.size === 0) {
      return;
    }
    // A name that is raised again after this point is written again.
    this.#unpublished = new Set();
    const rows = [...names].map((name) => {
      const becomes = name.startsWith(UNSETTLED) ? String(Date.now() + UNSETTLED_MS) : randomUUID();
      return { name, was: this.#seen.get(name) ?? null, becomes };
    });
    try {
      if (await shared.write(rows)) {
        for (const { name, becomes } of rows) {
          this.#seen.set(name, becomes);
        }
        return;
      }
      // Another process has raised one meanwhile. It is not seen as ours, so the next look raises it here again.
      await shared.write(rows.map(({ name, becomes }) => ({ name, becomes })));
    } catch (error) {
      this.#unpublished = this.#unpublished.union(names);
      throw error;
    }
  }

  /** Ends a wait that takes too long. If it is a promise that what is waited for was seen, nothing is trusted then. */
  async #withinMoment(work: Promise<void>): Promise<void> {
    const over = Symbol("over");
    const milliseconds = this.#isStrict ? STRICT_MOMENT_MS : MOMENT_MS;
    if ((await Promise.race([work, sleep(milliseconds, over, { ref: false })])) === over) {
      this.#isCutOff = true;
    }
  }
}

/** Prefix of a list's name among the shared ones: until when (milliseconds since 1970) a write may still change it. */
const UNSETTLED = "unsettled ";

const VERSION_NAMES: readonly VersionName[] = ["any", "PIDJ", "TEXTIZEN", ...ALL_KEPT_LISTS];
const SHARED_NAMES = VERSION_NAMES.flatMap((name) => [name, UNSETTLED + name]);

function platformOf(name: Changed): Changed {
  return name === "PIDJ" || name === "TEXTIZEN" ? name : KEPT_LISTS[name];
}
