import { useSyncExternalStore } from "react";

// What each operation of this session cost, as the graph says in `extensions`: for the page Operations and the shell.

export interface Entry {
  readonly number: number;
  readonly operation: string;
  /** The first part of the address when it was asked: `inbox`. */
  readonly screen: string;
  readonly at: Date;
  /** Platform calls: at most, by the price, and in fact. Null where the server does not say. */
  readonly asked: number | null;
  readonly actual: number | null;
  /** Until the answer was there; null for what is pushed. */
  readonly milliseconds: number | null;
  readonly calls: readonly Call[];
  readonly errors: readonly LedgerError[];
}

export interface Call {
  readonly platform: string;
  readonly route: string;
  readonly source: string;
}

export interface LedgerError {
  readonly code: string;
  readonly message: string;
  readonly path: string;
}

export interface Ledger {
  record(operation: string, result: Result, milliseconds: number | null): void;
  subscribe(listener: () => void): () => void;
  entries(): readonly Entry[];
}

interface Result {
  readonly extensions?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions?: unknown;
  }[];
}

const MOST_ENTRIES = 100;

export function createLedger(): Ledger {
  let entries: readonly Entry[] = [];
  let number = 0;
  const listeners = new Set<() => void>();
  return {
    record: (operation, { extensions, errors = [] }, milliseconds) => {
      number += 1;
      const cost = partOf(extensions, "cost");
      const entry: Entry = {
        number,
        operation,
        screen: location.pathname.split("/")[1] ?? "",
        at: new Date(),
        asked: numberOf(partOf(cost, "asked"), "calls"),
        actual: numberOf(partOf(cost, "actual"), "calls"),
        milliseconds: milliseconds === null ? null : Math.round(milliseconds),
        calls: callsOf(partOf(extensions, "platforms")),
        errors: errors.map(({ message, path, extensions: details }) => ({
          code: String(partOf(details, "code") ?? ""),
          message,
          path: (path ?? []).join("."),
        })),
      };
      entries = [entry, ...entries].slice(0, MOST_ENTRIES);
      for (const listener of listeners) {
        listener();
      }
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    entries: () => entries,
  };
}

export function useEntries(ledger: Ledger): readonly Entry[] {
  return useSyncExternalStore(ledger.subscribe, ledger.entries);
}

function partOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : null;
}

function numberOf(value: unknown, name: string): number | null {
  const part = partOf(value, name);
  return typeof part === "number" ? part : null;
}

function callsOf(value: unknown): readonly Call[] {
  return (Array.isArray(value) ? value : []).map((call: unknown) => ({
    platform: String(partOf(call, "platform")),
    route: String(partOf(call, "route")),
    source: String(partOf(call, "source")),
  }));
}
