import type { Socket } from "node:net";

/** One HTTP/1.1 answer. */
export interface Answered {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("\r\n0\r\n\r\n");

/** The API key of every operation; servers that know none ignore it. */
export const API_KEY = "tg_bench";

/** A POST of a GraphQL operation, framed once and sent many times. */
export function frameOperation(port: number, body: string): Buffer {
  const head = [
    "POST /graphql HTTP/1.1",
    `host: 127.0.0.1:${port}`,
    "accept: application/json",
    "content-type: application/json",
    `x-api-key: ${API_KEY}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Calls back for every answer that a client's socket gets. */
export function onAnswer(socket: Socket, handle: (answered: Answered) => void): void {
  const reader = new AnswerReader();
  socket.on("data", (piece) => {
    const answered = typeof piece === "string" ? null : reader.read(piece);
    if (answered !== null) {
      handle(answered);
    }
  });
}

/**
 * Puts one answer together from the pieces that a socket gives (RFC 9112 §6.3: by length or by chunks). A connection
 * has one request under way at a time, so whatever comes belongs to one answer.
 */
class AnswerReader {
  #pieces: Buffer[] = [];
  #size = 0;
  /** Bytes of the whole answer, 0 while unknown; -1 where it comes in chunks. */
  #expected = 0;

  /** The answer, once its last piece is there; until then null. */
  read(piece: Buffer): Answered | null {
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#expected === 0) {
      this.#expected = measure(this.#whole());
    }
    const isWhole =
      this.#expected > 0
        ? this.#size >= this.#expected
        : this.#expected < 0 && this.#whole().subarray(-7).equals(LAST_CHUNK);
    if (!isWhole) {
      return null;
    }
    const answered = take(this.#whole(), this.#expected < 0);
    this.#pieces = [];
    this.#size = 0;
    this.#expected = 0;
    return answered;
  }

  #whole(): Buffer {
    const [first] = this.#pieces;
    if (first !== undefined && this.#pieces.length === 1) {
      return first;
    }
    const whole = Buffer.concat(this.#pieces, this.#size);
    this.#pieces = [whole];
    return whole;
  }
}

function measure(bytes: Buffer): number {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) {
    return 0;
  }
  const head = bytes.toString("latin1", 0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  return length === undefined ? -1 : end + HEAD_END.length + Number(length);
}

function take(bytes: Buffer, isChunked: boolean): Answered {
  const body = bytes.subarray(bytes.indexOf(HEAD_END) + HEAD_END.length);
  return { status: Number(bytes.toString("latin1", 9, 12)), body: isChunked ? joinChunks(body) : body };
}

function joinChunks(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, line), 16);
    if (!(size > 0)) {
      return Buffer.concat(chunks);
    }
    chunks.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
