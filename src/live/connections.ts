import type { Caller } from "../access/caller.ts";
import { FAILURES, type Failure } from "../operations/failures.ts";
import type { Client } from "../operations/operation.ts";

/** Limits of WebSockets and event streams. */
export interface ConnectionLimits {
  /** Open WebSockets and event streams together, in this process. */
  readonly connections: number;
  /** Operations that may run on one WebSocket at the same time. */
  readonly operations: number;
  /** Milliseconds within which a WebSocket must send `connection_init`. */
  readonly initMilliseconds: number;
  /** Milliseconds between two pings or comments. A WebSocket that does not answer a ping before the next is closed. */
  readonly pingMilliseconds: number;
}

/** `connections` comes from the configuration. */
export const CONNECTION_LIMITS: Omit<ConnectionLimits, "connections"> = {
  operations: 50,
  initMilliseconds: 3_000,
  // Less than a minute, after which proxies commonly close an idle connection.
  pingMilliseconds: 12_000,
};

/** An open connection. */
export interface Connection {
  readonly transport: "websocket" | "event-stream";
  /** The caller; null before it is known. */
  readonly caller: Caller | null;
  /** Pings the client, and closes the connection if the last ping was not answered. */
  ping(): void;
  /** Closes the connection because the server stops. */
  close(): void;
  /** Closes the connection because its credential expired or was revoked. */
  revoke(): void;
  /** Closes the connection at once. */
  destroy(): void;
}

const CHECK_CALLERS_MS = 1_000;
// Time for clients to read the last messages.
const CLOSE_WITHIN_MS = 1_000;

/** All open connections and the operations on them: counts them, keeps them alive, and closes them together. */
export class Connections {
  readonly limits: ConnectionLimits;
  readonly #open = new Set<Connection>();
  readonly #running = new Set<object>();
  readonly #isCurrent: (caller: Caller) => boolean;
  #timers: NodeJS.Timeout[] = [];
  #isClosing = false;
  #onEmpty: () => void = () => undefined;
  #onIdle: () => void = () => undefined;

  /** `isCurrent`: whether a caller's credential is still good. */
  constructor(limits: ConnectionLimits, isCurrent: (caller: Caller) => boolean) {
    this.limits = limits;
    this.#isCurrent = isCurrent;
  }

  /** Why another connection or operation is refused; null if it is not. */
  refusal(): Failure | null {
    if (this.#isClosing) {
      return FAILURES.shuttingDown;
    }
    return this.#open.size < this.limits.connections ? null : FAILURES.full;
  }

  /** Open connections by transport. */
  get counts(): Readonly<Record<Connection["transport"], number>> {
    const counts = { websocket: 0, "event-stream": 0 };
    for (const { transport } of this.#open) {
      counts[transport] += 1;
    }
    return counts;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  add(connection: Connection): void {
    this.#open.add(connection);
    if (this.#timers.length === 0) {
      this.#timers = [
        setInterval(() => this.#each((each) => each.ping()), this.limits.pingMilliseconds).unref(),
        setInterval(() => this.#each((each) => this.#revokeUnlessCurrent(each)), CHECK_CALLERS_MS).unref(),
      ];
    }
  }

  remove(connection: Connection): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) {
      this.#timers.forEach(clearInterval);
      this.#timers = [];
      this.#onEmpty();
    }
  }

  /** A query or a mutation has begun; the argument identifies it. */
  begin(operation: object): void {
    this.#running.add(operation);
  }

  /** The operation was answered, or its client is gone. */
  end(operation: object): void {
    this.#running.delete(operation);
    if (this.#running.size === 0) {
      this.#onIdle();
    }
  }

  /**
   * Refuses new connections, waits at most so many milliseconds for running operations, and closes every connection,
   * even if its client does not answer.
   */
  async close(answerMilliseconds: number): Promise<void> {
    this.#isClosing = true;
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, answerMilliseconds);
        this.#onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.#open.size === 0) {
      return;
    }
    const emptied = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    const timer = setTimeout(() => this.#each((connection) => connection.destroy()), CLOSE_WITHIN_MS);
    this.#each((connection) => connection.close());
    await emptied;
    clearTimeout(timer);
  }

  #revokeUnlessCurrent(connection: Connection): void {
    if (connection.caller !== null && !this.#isCurrent(connection.caller)) {
      connection.revoke();
    }
  }

  #each(act: (connection: Connection) => void): void {
    for (const connection of [...this.#open]) {
      act(connection);
    }
  }
}

/** A client that is gone when the signal aborts. */
export function clientOf(signal: AbortSignal): Client {
  return {
    onGone: (leave) => {
      signal.addEventListener("abort", leave);
      if (signal.aborted) {
        leave();
      }
      return () => signal.removeEventListener("abort", leave);
    },
  };
}
