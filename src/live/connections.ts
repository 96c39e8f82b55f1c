import { FAILURES, type Failure } from "../operations/failures.ts";
import type { Client } from "../operations/operation.ts";

/** What connections that last are held to. */
export interface ConnectionLimits {
  /** WebSockets and event streams together, in this process. */
  readonly connections: number;
  /** Operations that one WebSocket may have under way. */
  readonly operations: number;
  /** For how long a WebSocket may say nothing of who it is. */
  readonly initMilliseconds: number;
  /** How often both ends are shown that the other is there; a WebSocket that does not say so by the next time is closed. */
  readonly pingMilliseconds: number;
}

/** But for `connections`, which is configuration. */
export const CONNECTION_LIMITS: Omit<ConnectionLimits, "connections"> = {
  operations: 50,
  initMilliseconds: 3_000,
  // Below the minute after which proxies commonly give up a connection on which nothing moves.
  pingMilliseconds: 12_000,
};

/** A connection, as those who hold it see it. */
export interface Connection {
  /** Shows the client that the server is there, and finds out whether the client is. */
  ping(): void;
  /** The server is going away. */
  close(): void;
  /** It has had its time. */
  destroy(): void;
}

// For clients that read what is said to them last.
const CLOSE_WITHIN_MS = 1_000;

/** Every connection that lasts, and what is to be answered on them: counted, kept alive, and closed together. */
export class Connections {
  readonly limits: ConnectionLimits;
  readonly #open = new Set<Connection>();
  readonly #underWay = new Set<object>();
  #timer: NodeJS.Timeout | null = null;
  #isClosing = false;
  #onEmpty: () => void = () => undefined;
  #onIdle: () => void = () => undefined;

  constructor(limits: ConnectionLimits) {
    this.limits = limits;
  }

  /** Why there is no room for another connection or operation; null where there is. */
  refusal(): Failure | null {
    if (this.#isClosing) {
      return FAILURES.shuttingDown;
    }
    return this.#open.size < this.limits.connections ? null : FAILURES.full;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  add(connection: Connection): void {
    this.#open.add(connection);
    this.#timer ??= setInterval(() => this.#pingAll(), this.limits.pingMilliseconds).unref();
  }

  remove(connection: Connection): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) {
      clearInterval(this.#timer ?? undefined);
      this.#timer = null;
      this.#onEmpty();
    }
  }

  /** A query or a mutation has begun; whatever stands for it. */
  begin(operation: object): void {
    this.#underWay.add(operation);
  }

  /** What stands for it has been answered, or nobody is there any more who could be. */
  end(operation: object): void {
    this.#underWay.delete(operation);
    if (this.#underWay.size === 0) {
      this.#onIdle();
    }
  }

  /**
   * Lets nobody in any more, waits for what is under way as long as it may take, in milliseconds, and closes every
   * connection, whether or not its client goes along with it.
   */
  async close(answerMilliseconds: number): Promise<void> {
    this.#isClosing = true;
    if (this.#underWay.size > 0) {
      await new Promise<void>((resolve) => {
        const impatience = setTimeout(resolve, answerMilliseconds);
        this.#onIdle = () => {
          clearTimeout(impatience);
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
    const impatience = setTimeout(() => this.#each((connection) => connection.destroy()), CLOSE_WITHIN_MS);
    this.#each((connection) => connection.close());
    await emptied;
    clearTimeout(impatience);
  }

  #pingAll(): void {
    this.#each((connection) => connection.ping());
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
