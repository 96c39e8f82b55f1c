import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { parseDateTime } from "../date-time.ts";
import { createFolders } from "../store/folders.ts";
import { isScope, ROUTER_SCOPE, SCOPES, type Scope } from "./scopes.ts";

/** One line of the keys file, checked. */
export interface ApiKey {
  /** 1 to 64 letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** SHA-256 of the key in hexadecimal; the key itself is stored nowhere. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  /** When the key expires; null: when it is revoked. */
  readonly expires: Date | null;
  readonly callsPerMinute: number | null;
  readonly recipientsPerMinute: number | null;
}

/** The keys file is missing, unreadable or malformed. The message says what to do and contains no key. */
export class KeysFileError extends Error {
  override readonly name = "KeysFileError";
}

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const MEMBERS = new Set(["name", "sha256", "scopes", "expires", "callsPerMinute", "recipientsPerMinute"]);
const MOST_PER_MINUTE = 1_000_000;

/** `orEmpty`: a missing file counts as one without keys. Throws KeysFileError. */
export function readKeysFile(path: string, { orEmpty = false } = {}): readonly ApiKey[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (isMissing && orEmpty) {
      return [];
    }
    throw new KeysFileError(
      isMissing
        ? `API_KEYS_FILE ${path} does not exist: npm run keys:create makes it.`
        : `API_KEYS_FILE ${path} cannot be read: see that this user may read it.`,
    );
  }
  return parse(text, path);
}

/**
 * Replaces the whole file, so that a reader never sees half of it. A new file can be read by its owner only; an existing one
 * keeps its owner and its permissions, so that a server which runs as another user still reads it. One change at a time: a
 * key that another change has just revoked must not come back. Throws KeysFileError.
 */
export function changeKeysFile(
  path: string,
  change: (keys: readonly ApiKey[]) => readonly ApiKey[],
  { orEmpty = false } = {},
): void {
  const next = `${path}.new`;
  const file = forKeysFile(path, () => {
    createFolders(dirname(path));
    // Fails if the file exists, which means that another change is running.
    return openSync(next, "wx", 0o600);
  });
  try {
    const text = textOf(change(readKeysFile(path, { orEmpty })));
    forKeysFile(path, () => {
      const before = statSync(path, { throwIfNoEntry: false });
      if (before !== undefined) {
        fchownSync(file, before.uid, before.gid);
        fchmodSync(file, before.mode);
      }
      writeFileSync(file, text);
      fsyncSync(file);
      renameSync(next, path);
    });
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function forKeysFile<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    throw new KeysFileError(
      code === "EEXIST" && existsSync(`${path}.new`)
        ? `API_KEYS_FILE ${path} is being changed by another program: try again. If none runs, delete ${path}.new.`
        : `API_KEYS_FILE ${path} cannot be changed (${code}): run this as the user that the file belongs to.`,
    );
  }
}

function textOf(keys: readonly ApiKey[]): string {
  const lines = keys.map((key) => {
    const said = Object.entries(key).filter(([, value]) => value !== null);
    return `  ${JSON.stringify(Object.fromEntries(said))}`;
  });
  return `[\n${lines.join(",\n")}\n]\n`;
}

function parse(text: string, path: string): readonly ApiKey[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new KeysFileError(
      `API_KEYS_FILE ${path} is not JSON: it is a list, [{ "name": …, "sha256": …, "scopes": […] }].`,
    );
  }
  if (!Array.isArray(value)) {
    throw new KeysFileError(`API_KEYS_FILE ${path} must be a JSON list of keys.`);
  }
  const keys = value.map((item: unknown, at) => parseKey(item, `API_KEYS_FILE ${path}, key ${at + 1}`));
  for (const member of ["name", "sha256"] as const) {
    const twice = keys.find((key, at) => keys.findIndex((other) => other[member] === key[member]) !== at);
    if (twice !== undefined) {
      throw new KeysFileError(`API_KEYS_FILE ${path}: two keys have the ${member} of ${twice.name}.`);
    }
  }
  return keys;
}

function parseKey(item: unknown, place: string): ApiKey {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    throw new KeysFileError(`${place} must be an object.`);
  }
  const unknown = Object.keys(item).find((member) => !MEMBERS.has(member));
  if (unknown !== undefined) {
    throw new KeysFileError(`${place} has a member that is not known; known are ${[...MEMBERS].join(", ")}.`);
  }
  const values: Record<string, unknown> = { ...item };
  const { sha256 } = values;
  const name = requireName(values["name"], place);
  if (typeof sha256 !== "string" || !SHA256.test(sha256)) {
    throw new KeysFileError(`${place}: sha256 must be 64 hexadecimal digits in lower case.`);
  }
  return {
    name,
    sha256,
    scopes: parseScopes(values["scopes"], place),
    expires: parseExpiry(values["expires"], place),
    callsPerMinute: parseRate(values["callsPerMinute"], `${place}: callsPerMinute`),
    recipientsPerMinute: parseRate(values["recipientsPerMinute"], `${place}: recipientsPerMinute`),
  };
}

/** `place` begins the sentence of the KeysFileError. */
export function requireName(value: unknown, place: string): string {
  if (typeof value === "string" && NAME.test(value)) {
    return value;
  }
  throw new KeysFileError(`${place}: name must be 1 to 64 letters, digits, dots, dashes or underscores.`);
}

/** Throws KeysFileError if it is no list of scopes; `place` begins the sentence. */
export function parseScopes(value: unknown, place: string): readonly Scope[] {
  if (Array.isArray(value) && value.every((scope): scope is Scope => typeof scope === "string" && isScope(scope))) {
    return value;
  }
  if (Array.isArray(value) && value.includes(ROUTER_SCOPE)) {
    if (value.length === 1) {
      return [ROUTER_SCOPE];
    }
    throw new KeysFileError(
      `${place}: the scope router stands alone, because a router's rights are those of its clients.`,
    );
  }
  throw new KeysFileError(`${place}: scopes must be a list of these: ${SCOPES.join(", ")}; or router alone.`);
}

/** A date without a time means its first moment in UTC. */
export function parseExpiry(value: unknown, place: string): Date | null {
  if (value === null || value === undefined) {
    return null;
  }
  const form = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;
  // The engine's own parser takes 30 February for 2 March.
  const isDay = typeof value === "string" && form.test(value) && parseDateTime(value.slice(0, 10)) !== null;
  const date = isDay ? new Date(value) : null;
  if (date === null || Number.isNaN(date.getTime())) {
    throw new KeysFileError(`${place}: expires must be a date such as 2027-01-31, or a time with its offset.`);
  }
  return date;
}

/** `place` begins the sentence. */
export function parseRate(value: unknown, place: string): number | null {
  if (value === null || value === undefined) {
    return null;
  }
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > MOST_PER_MINUTE) {
    throw new KeysFileError(`${place} must be a whole number from 1 to ${MOST_PER_MINUTE}.`);
  }
  return value;
}
