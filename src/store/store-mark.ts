import { randomUUID } from "node:crypto";
import { StoreError } from "../errors.ts";
import { QUICK, type Store } from "./store.ts";
import type { Draft, Update } from "./update.ts";

const KEY = "mark";

/**
 * The name that a store got when it was new. A process that finds another one, or none, later knows that the store was
 * emptied under it, and with it the record of what was sent.
 */
export class StoreMark {
  readonly #store: Store;
  #known: string | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Remembers the store's name, once; a new store gets one. Until then, every store is the right one. */
  async remember(update: Update): Promise<void> {
    if (this.#known !== null) {
      return;
    }
    const name = await update(
      async (draft) => {
        const found = await readIn(draft);
        const kept = found ?? randomUUID();
        if (found === null) {
          draft.write("store-mark", KEY, kept);
        }
        return kept;
      },
      { durable: true },
    );
    this.#known ??= name;
  }

  /** Throws StoreError if the store is not the one that was remembered. */
  async confirmIn(draft: Draft): Promise<void> {
    this.#require(await readIn(draft));
  }

  /** Outside of a draft. */
  async confirm(): Promise<void> {
    const [text = null] = await this.#store.get("store-mark", [KEY], QUICK);
    this.#require(text === null ? null : JSON.parse(text));
  }

  #require(found: string | null): void {
    if (this.#known !== null && found !== this.#known) {
      throw new StoreError(
        "The store was emptied or exchanged while the server ran, so nobody knows what was sent before: nothing is sent. " +
          "Bring its rows back, or start every server anew to go on without them",
        null,
      );
    }
  }
}

async function readIn(draft: Draft): Promise<string | null> {
  const [found = null] = await draft.read<string>("store-mark", [KEY]);
  return found;
}
