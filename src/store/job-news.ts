import { EventEmitter } from "node:events";
import { type JobId, parseId } from "../ids.ts";

/** What is told of a job that was changed. */
export interface JobNews {
  readonly id: JobId;
  /** Whether a process may now have to begin to work on it; otherwise only its progress has changed. */
  readonly isWork: boolean;
}

const SUBJECT = "job";
const WORK = "work";
const PROGRESS = "progress";

/** News as one process tells them to others. */
export function writeNews({ id, isWork }: JobNews): string {
  return [SUBJECT, isWork ? WORK : PROGRESS, id].join(" ");
}

function readNews(text: string): JobNews | null {
  const [subject, what, written = ""] = text.split(" ");
  const id = subject === SUBJECT ? parseId("Job", written) : null;
  return id === null ? null : { id, isWork: what === WORK };
}

/**
 * Wakes who waits for changes of jobs, whichever process made them. News can be lost between processes: whoever waits must
 * also look from time to time.
 */
export class JobListeners {
  readonly #events = new EventEmitter<Record<string, []>>().setMaxListeners(0);

  tell({ id, isWork }: JobNews): void {
    this.#events.emit(id);
    if (isWork) {
      this.#events.emit(WORK);
    }
  }

  /** Takes what another process told; null: something may have been missed. */
  hear(text: string | null): void {
    if (text === null) {
      for (const name of this.#events.eventNames()) {
        this.#events.emit(String(name));
      }
      return;
    }
    const news = readNews(text);
    if (news !== null) {
      this.tell(news);
    }
  }

  /** Until the returned function is called. */
  onChange(id: JobId, listener: () => void): () => void {
    return this.#on(id, listener);
  }

  onWork(listener: () => void): () => void {
    return this.#on(WORK, listener);
  }

  #on(name: string, listener: () => void): () => void {
    this.#events.on(name, listener);
    return () => this.#events.off(name, listener);
  }
}
