import type { IncomingHttpHeaders } from "node:http";

/** A request with its whole body. */
export interface Received {
  /** The call as the documents name it; null if no call has this method and path. */
  readonly route: string | null;
  /** The decoded value of `{id}`; empty if the call has none. */
  readonly id: string;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  /** Left out if there is no body. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How the bytes go out: whole unless a fault says otherwise. */
  readonly delivery?: "cut" | { readonly millisecondsPerByte: number } | { readonly paddedToBytes: number };
}

/** Thrown by a check: the request is not carried out, and this is the answer. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`Refused with ${answer.status}`);
    this.answer = answer;
  }
}

export function json(status: number, value: unknown): Answer {
  return { status, body: JSON.stringify(value), contentType: "application/json; charset=utf-8" };
}
