import { hash, randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import type { Caller, PastCaller } from "./caller.ts";
import { type ApiKey, changeKeysFile, KeysFileError, parseScopes, readKeysFile, requireName } from "./keys-file.ts";

/** Milliseconds that a key which was removed from the file may still be accepted. */
const LOOK_EVERY_MS = 1_000;
/** Readable by the group or by others. */
const WRITABLE_BY_OTHERS = 0o022;
// The prefix identifies a key that is found in a log or a repository, also to secret scanners.
const PREFIX = "tg_";
/** Digits of the key's digest that tell it from others of the same name. */
const KEY_ID_LENGTH = 16;

/** The API keys of a file. A change of the file takes effect within a second, without a restart. */
export interface ApiKeys {
  /** The caller of the key; null if there is no such key, or no longer. */
  find(key: string): Caller | null;
  /** Whether the file still contains the caller's line, unchanged. */
  has(caller: Caller): boolean;
  /** The caller as the file has its key now; null if the key is gone or has expired. A new key of the same name is another. */
  recall(who: PastCaller): Caller | null;
}

interface ApiKeysOptions {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when the file has become unreadable; the keys that were read last stay valid. */
  readonly warn: (message: string, error: unknown) => void;
}

/** Throws KeysFileError if the file cannot be read now. */
export function createApiKeys({ path, now, warn }: ApiKeysOptions): ApiKeys {
  // The stamp is from before the read, so that a change in between is found at the next check.
  let stamp = stampOf(path);
  let callers = byDigest(readKeysFile(path), new Map());
  let current = new Set<Caller>(callers.values());
  let lookedAt = now();
  let isFailing = false;
  warnIfOthersMayWrite();

  function look(): void {
    // The time of day may be set back.
    if (Math.abs(now() - lookedAt) < LOOK_EVERY_MS) {
      return;
    }
    lookedAt = now();
    const stampNow = stampOf(path);
    if (stampNow === stamp && !isFailing) {
      return;
    }
    try {
      callers = byDigest(readKeysFile(path), callers);
      current = new Set(callers.values());
      stamp = stampNow;
      isFailing = false;
      warnIfOthersMayWrite();
    } catch (error) {
      if (!isFailing) {
        warn("the API keys file cannot be read: the keys read last stay good", error);
      }
      isFailing = true;
    }
  }

  function unlessExpired(caller: Caller | undefined): Caller | null {
    return caller === undefined || (caller.expiresAt !== null && caller.expiresAt <= now()) ? null : caller;
  }

  function warnIfOthersMayWrite(): void {
    const { mode = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if ((mode & WRITABLE_BY_OTHERS) !== 0) {
      const advice = new KeysFileError(`API_KEYS_FILE ${path}: chmod go-w`);
      warn("other users may write the API keys file, and so give themselves a key", advice);
    }
  }

  return {
    find: (key) => {
      look();
      // A look-up by digest takes the same time for all wrong keys, however similar to a right one.
      return unlessExpired(callers.get(digestOf(key)));
    },
    has: (caller) => {
      look();
      return current.has(caller);
    },
    recall: ({ id, keyId }) => {
      look();
      return unlessExpired(callers.values().find((caller) => caller.id === id && caller.keyId === keyId));
    },
  };
}

/**
 * Makes a key, adds its line to the file (which is created if necessary) and returns the key, which is stored nowhere.
 */
export function addApiKey(path: string, entry: Omit<ApiKey, "sha256">): string {
  requireName(entry.name, "--name");
  parseScopes(entry.scopes, "--scopes");
  const key = PREFIX + randomBytes(32).toString("base64url");
  const add = (keys: readonly ApiKey[]) => {
    if (keys.some(({ name }) => name === entry.name)) {
      throw new KeysFileError(`There is a key named ${entry.name} already: revoke it first, or take another name.`);
    }
    return [...keys, { ...entry, sha256: digestOf(key) }];
  };
  changeKeysFile(path, add, { orEmpty: true });
  return key;
}

/** Removes the key's line from the file. Throws KeysFileError if there is none of this name. */
export function removeApiKey(path: string, name: string): void {
  changeKeysFile(path, (keys) => {
    const left = keys.filter((key) => key.name !== name);
    if (left.length === keys.length) {
      throw new KeysFileError(`There is no key named ${name}: keys:list shows those that there are.`);
    }
    return left;
  });
}

/** Changes whenever the file is changed or replaced; null if there is none. */
function stampOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}

interface KeyCaller extends Caller {
  /** The line of the file. */
  readonly line: string;
}

type Callers = ReadonlyMap<string, KeyCaller>;

/** An unchanged line keeps its caller object, so that connections can tell whether theirs is still in the file. */
function byDigest(keys: readonly ApiKey[], before: Callers): Callers {
  return new Map(
    keys.map((key) => {
      const line = JSON.stringify(key);
      const known = before.get(key.sha256);
      return [key.sha256, known?.line === line ? known : { ...callerOf(key), line }];
    }),
  );
}

function callerOf({ name, sha256, scopes, expires, callsPerMinute, recipientsPerMinute }: ApiKey): Caller {
  return {
    id: `key:${name}`,
    scopes: new Set(scopes),
    expiresAt: expires === null ? null : expires.getTime(),
    isAnonymous: false,
    keyId: sha256.slice(0, KEY_ID_LENGTH),
    callsPerMinute,
    recipientsPerMinute,
  };
}

/** SHA-256 in hexadecimal. A fast hash is enough for a key of 256 random bits, which cannot be guessed. */
function digestOf(key: string): string {
  return hash("sha256", key, "hex");
}
