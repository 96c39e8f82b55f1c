import type { Attempts } from "../store/attempts.ts";
import type { Inbox } from "../store/inbox.ts";
import type { Feed } from "./feed.ts";

/** Takes texts that go out into the inbox while nobody waits for it, so that they reach subscribers. */
export interface OutgoingTexts {
  /** Says that an attempt has told something of a text. What other processes were told is found without it. */
  wake(): void;
  /** Resolves when nothing is under way. */
  stop(): Promise<void>;
}

export interface OutgoingOptions {
  readonly inbox: Pick<Inbox, "takeNews" | "overdueKeys" | "listeningStartedAt">;
  /** Records that an attempt's outcome is unknown, if its time has ended. */
  readonly find: Attempts["find"];
  readonly feed: Pick<Feed, "wake">;
  /** What a process left that died is taken within this time. */
  readonly lookMilliseconds: number;
  /** Called when it fails; called again only after it succeeded in between. */
  readonly warn: (message: string, error: unknown) => void;
}

/** Sends that are settled within this time are taken together, and one at a time soon. */
const GATHERING_MS = 25;
/** From one time to the next while there are many: each waits for the disk. */
const PAUSE_MS = 250;
/** That a text's sender has died is noticed within this time after its lease. */
const OVERDUE_LOOK_MS = 5_000;

export function createOutgoingTexts({ inbox, find, feed, lookMilliseconds, warn }: OutgoingOptions): OutgoingTexts {
  let gathering: NodeJS.Timeout | null = null;
  let takenAt = Number.NEGATIVE_INFINITY;
  let lookedAt = performance.now();
  let isFailing = false;
  let isListening = false;

  async function take(): Promise<void> {
    try {
      if (performance.now() - lookedAt >= OVERDUE_LOOK_MS) {
        lookedAt = performance.now();
        for (const key of await inbox.overdueKeys()) {
          await find(key);
        }
      }
      if (!isListening) {
        // Written down when it is first asked for.
        await inbox.listeningStartedAt();
        isListening = true;
      }
      if (await inbox.takeNews()) {
        feed.wake();
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing) {
        warn("texts that went out could not be taken into the inbox", error);
      }
      isFailing = true;
    }
  }

  function start(): void {
    gathering = null;
    takenAt = performance.now();
    running = take();
  }

  let running = take();
  const looking = setInterval(start, lookMilliseconds).unref();
  return {
    wake: () => {
      gathering ??= setTimeout(start, Math.max(GATHERING_MS, PAUSE_MS - (performance.now() - takenAt))).unref();
    },
    stop: async () => {
      clearInterval(looking);
      if (gathering !== null) {
        clearTimeout(gathering);
        start();
      }
      await running;
    },
  };
}
