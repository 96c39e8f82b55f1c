import type { Platform } from "../errors.ts";

/** What is known of a call's answers: for each property by its path, the JSON types that it had, and if it was always there. */
interface AnswerShape {
  readonly [path: string]: { readonly types: readonly string[]; readonly isConstant: boolean };
}

/** A difference from every earlier answer to the same call. It holds names of properties and no value. */
export interface Drift {
  readonly platform: Platform;
  readonly route: string;
  /** `contact.tags[]`, with `*` for a name that may be a value. */
  readonly path: string;
  readonly kind: "new" | "missing" | "type";
}

/** Where the shapes are kept as JSON, by call, so that a restart knows them. Both may throw. */
interface KeptShapes {
  read(call: string): Promise<string | null>;
  write(call: string, shape: string): Promise<unknown>;
}

interface DriftOptions {
  readonly kept: KeptShapes;
  readonly report: (drift: Drift) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** The first answers to a call in this process are all looked at, then one a second. */
const FIRST = 50;
const EVERY_MS = 1_000;
const MOST_ITEMS = 20;
const MOST_PATHS = 300;
const DEEPEST = 8;
/** How both platforms name properties. Other keys may be values: a number, or what a person typed. */
const PROPERTY = /^[a-z][a-z_]{0,39}$/;
/** Calls whose answers have keys that people choose. */
const FREE_KEYS = /\/tokens$/;

interface Watched {
  seen: number;
  lookedAt: number;
  /** One look after the other, so that a difference is reported once. */
  looking: Promise<void>;
  shape: Shape | null;
}

type Shape = Map<string, { readonly types: ReadonlySet<string>; readonly isConstant: boolean }>;

/**
 * Notices when a platform's answers change: a property that is new, that is missing although it was always there, or that
 * has another JSON type. Neither platform says beforehand. The first answer that is ever seen counts as right, and each
 * difference is reported once. It costs a look at a few answers, and nobody waits for it.
 */
export class DriftWatch {
  readonly #options: DriftOptions;
  readonly #watched: Readonly<Record<Platform, Map<string, Watched>>> = { PIDJ: new Map(), TEXTIZEN: new Map() };

  constructor(options: DriftOptions) {
    this.#options = options;
  }

  /** `body`: the JSON of an answer. One that cannot be read may be anybody's: of it counts what it lacks. */
  observe(platform: Platform, route: string, body: unknown, { isReadable }: { readonly isReadable: boolean }): void {
    let watched = this.#watched[platform].get(route);
    if (watched === undefined) {
      watched = { seen: 0, lookedAt: Number.NEGATIVE_INFINITY, looking: Promise.resolve(), shape: null };
      this.#watched[platform].set(route, watched);
    }
    watched.seen += 1;
    if (watched.seen > FIRST && this.#options.now() - watched.lookedAt < EVERY_MS) {
      return;
    }
    watched.lookedAt = this.#options.now();
    if (typeof body === "object" && body !== null && !FREE_KEYS.test(route)) {
      // Now, because whoever decodes the answer may change it.
      const found = shapeOf(body);
      const { looking } = watched;
      const compare = () => this.#compare(platform, route, watched, found, isReadable);
      watched.looking = looking.then(compare).catch(() => undefined);
    }
  }

  /** Resolves when all looks that have begun are done. */
  async idle(): Promise<void> {
    const { PIDJ, TEXTIZEN } = this.#watched;
    await Promise.all([...PIDJ.values(), ...TEXTIZEN.values()].map(({ looking }) => looking));
  }

  async #compare(
    platform: Platform,
    route: string,
    watched: Watched,
    found: Found,
    isReadable: boolean,
  ): Promise<void> {
    const { kept, report } = this.#options;
    const call = `${platform} ${route}`;
    watched.shape ??= fromKept(await kept.read(call));
    if (watched.shape === null) {
      if (isReadable) {
        watched.shape = new Map();
        merge(watched.shape, found);
        await kept.write(call, toKept(watched.shape));
      }
      return;
    }
    const { shape } = watched;
    const drifts = merge(shape, isReadable ? found : new Map([...found].filter(([path]) => shape.has(path))));
    if (drifts.length > 0) {
      // If the store fails, it is reported once for each process.
      await kept.write(call, toKept(shape)).catch(() => undefined);
    }
    for (const drift of drifts) {
      report({ platform, route, ...drift });
    }
  }
}

/** For each path in one answer: its types, how often it is there, and how often it is an object. */
type Found = ReadonlyMap<string, { readonly types: Set<string>; count: number; objects: number }>;

function shapeOf(body: object): Found {
  const found = new Map<string, { readonly types: Set<string>; count: number; objects: number }>();
  look(body, "", 0);
  return found;

  function look(value: unknown, path: string, depth: number): void {
    const at = found.get(path) ?? { types: new Set(), count: 0, objects: 0 };
    if (found.size >= MOST_PATHS && !found.has(path)) {
      return;
    }
    found.set(path, at);
    at.count += 1;
    // Null stands for any type.
    if (value !== null) {
      at.types.add(Array.isArray(value) ? "list" : typeof value);
    }
    if (typeof value !== "object" || value === null || depth === DEEPEST) {
      return;
    }
    if (Array.isArray(value)) {
      for (const item of value.slice(0, MOST_ITEMS)) {
        look(item, `${path}[]`, depth + 1);
      }
      return;
    }
    at.objects += 1;
    for (const [key, member] of Object.entries(value)) {
      look(member, join(path, PROPERTY.test(key) ? key : "*"), depth + 1);
    }
  }
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** The path of what contains this one. */
function parentOf(path: string): string {
  return path.replace(/(\[\]|(^|\.)[^.[]+)$/, "");
}

/** Adds what was found to the shape, and returns the differences. */
function merge(shape: Shape, found: Found): Pick<Drift, "path" | "kind">[] {
  const added = [...found.keys()].filter((path) => !shape.has(path));
  const missing = [...shape.keys()].filter((path) => shape.get(path)?.isConstant && isMissing(found, path));
  const retyped: string[] = [];
  for (const [path, { types }] of found) {
    const known = shape.get(path);
    if (known === undefined) {
      shape.set(path, { types: new Set(types), isConstant: !isMissing(found, path) });
    } else {
      const others = types.difference(known.types);
      if (others.size > 0 && known.types.size > 0) {
        retyped.push(path);
      }
      shape.set(path, { types: known.types.union(types), isConstant: known.isConstant });
    }
  }
  for (const path of missing) {
    shape.set(path, { types: shape.get(path)?.types ?? new Set(), isConstant: false });
  }
  return [
    // What is below a new property, or in a list that was empty so far, is new with it.
    ...added
      .filter((path) => !added.includes(parentOf(path)) && !path.endsWith("[]"))
      .map((path) => ({ path, kind: "new" as const })),
    ...retyped.map((path) => ({ path, kind: "type" as const })),
    ...missing.map((path) => ({ path, kind: "missing" as const })),
  ];
}

/** True if an object of the answer could have this property, and does not. */
function isMissing(found: Found, path: string): boolean {
  const isItem = path === "" || path.endsWith("[]");
  return !isItem && (found.get(path)?.count ?? 0) < (found.get(parentOf(path))?.objects ?? 0);
}

function fromKept(text: string | null): Shape | null {
  if (text === null) {
    return null;
  }
  const kept = Object.entries(JSON.parse(text) as AnswerShape);
  return new Map(kept.map(([path, { types, isConstant }]) => [path, { types: new Set(types), isConstant }]));
}

function toKept(shape: Shape): string {
  const kept = [...shape].map(([path, { types, isConstant }]) => [path, { types: [...types], isConstant }] as const);
  return JSON.stringify(Object.fromEntries(kept) satisfies AnswerShape);
}
