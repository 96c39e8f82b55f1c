import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import type { Store } from "./store.ts";
import { decodeRow } from "./update.ts";

/** A token that several processes share, so that one of them gets it for all. Every method throws StoreError. */
export interface SharedToken {
  /**
   * The token, unless it is `refused` or there is none. Then `mine` for the process that shall get a new one, and
   * `others` for all other processes, for so many milliseconds or until `write`.
   */
  claim(
    refused: string | null,
    milliseconds: number,
  ): Promise<{ readonly token: string } | { readonly turn: "mine" | "others" }>;
  write(token: string): Promise<void>;
}

interface Row {
  /** The encrypted token: see `seal`. */
  readonly sealed: string | null;
  /** Until when a process has to get a new one; milliseconds since 1970. */
  readonly claimedUntil: number;
}

const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** More rows than keys and users are ever in use. */
const MOST_ROWS = 100;

/**
 * The token of `user`, encrypted with the key: 32 bytes. Who has another key has another token. `onOther` is called when
 * a token is written and there was one of another key or user, which is deleted then: it was changed, or replicas differ.
 */
export function shareToken(
  store: Store,
  user: string,
  secretKey: Buffer,
  { now, onOther = () => undefined }: { readonly now: () => Date; readonly onOther?: () => void },
): SharedToken {
  const key = createHmac("sha256", secretKey).update(user).digest("hex");

  async function readRow(): Promise<{ readonly text: string | null; readonly row: Row }> {
    // With patience: whoever takes a busy store for one that does not answer signs in by itself.
    const [text = null] = await store.get("session", [key]);
    return { text, row: decodeRow<Row>(text) ?? { sealed: null, claimedUntil: 0 } };
  }

  const tokenOf = ({ sealed }: Row) => (sealed === null ? null : open(sealed, key, secretKey));

  const write = (was: string | null | undefined, row: Row) =>
    store.commit([{ table: "session", key, ...(was !== undefined && { was }), becomes: JSON.stringify(row) }]);

  return {
    claim: async (refused, milliseconds) => {
      const { text, row } = await readRow();
      const token = tokenOf(row);
      if (token !== null && token !== refused) {
        return { token };
      }
      const time = now().getTime();
      const isClaimed = row.claimedUntil > time && row.claimedUntil <= time + milliseconds;
      // False too if another process has written a token since.
      const isMine = !isClaimed && (await write(text, { ...row, claimedUntil: time + milliseconds }));
      return { turn: isMine ? "mine" : "others" };
    },
    write: async (token) => {
      await write(undefined, { sealed: seal(token, key, secretKey), claimedUntil: 0 });
      const rows = await store.range("session", { limit: MOST_ROWS });
      const others = rows.filter((row) => row.key !== key);
      if (others.length > 0) {
        await store.commit(others.map((other) => ({ table: "session", key: other.key, becomes: null })));
        onOther();
      }
    },
  };
}

/** Initialization vector, authentication tag and encrypted text, in base64. It opens under the same name only. */
function seal(text: string, name: string, secretKey: Buffer): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, secretKey, iv).setAAD(Buffer.from(name));
  const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString("base64");
}

/** Null if somebody changed it. */
function open(sealed: string, name: string, secretKey: Buffer): string | null {
  try {
    const bytes = Buffer.from(sealed, "base64");
    const decipher = createDecipheriv(CIPHER, secretKey, bytes.subarray(0, IV_BYTES));
    decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
  } catch {
    return null;
  }
}
