import type { LedgerEntry, SendCall } from "./journal.ts";
import type { Shapes } from "./shapes.ts";
import type { World } from "./world.ts";

/** What both platforms' rules work on. */
export interface Backend {
  readonly world: World;
  readonly shapes: Shapes;
  readonly ledger: LedgerEntry[];
  readonly now: () => Date;
}

export function recordSend(backend: Backend, call: SendCall, input: LedgerEntry["input"]): void {
  backend.ledger.push({ call, at: backend.now(), input });
}

/**
 * Keeps answers that take long to make, as long as the collections and shapes that they were made from are unchanged.
 */
export function createCache(shapes: Shapes): (key: string, stamp: string | number, make: () => unknown) => Buffer {
  const kept = new Map<string, { stamp: string; bytes: Buffer }>();
  return (key, stamp, make) => {
    const current = `${stamp} ${Object.values(shapes).join(" ")}`;
    const found = kept.get(key);
    if (found?.stamp === current) {
      return found.bytes;
    }
    const bytes = Buffer.from(JSON.stringify(make()));
    kept.set(key, { stamp: current, bytes });
    return bytes;
  };
}
