import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A WebSocket that reads no further than it must: the load has one core for all of its clients. */
export interface Frames {
  send(text: string): void;
  end(): void;
}

const HEAD_END = "\r\n\r\n";
const EMPTY: Buffer = Buffer.alloc(0);

/** Opens one; `onText` is given every message of the server's, as bytes. */
export async function openFrames(port: number, path: string, onText: (text: Buffer) => void): Promise<Frames> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  socket.write(
    `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
      "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" +
      `sec-websocket-protocol: graphql-transport-ws${HEAD_END}`,
  );
  await upgraded(socket);
  let rest = EMPTY;
  socket.on("data", (chunk: Buffer) => {
    rest = readFrames(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), onText, (answer) =>
      socket.write(answer),
    );
  });
  return { send: (text) => socket.write(frame(0x1, Buffer.from(text))), end: () => socket.destroy() };
}

async function upgraded(socket: Socket): Promise<void> {
  const [head] = (await once(socket, "data")) as [Buffer];
  if (!head.toString("latin1").startsWith("HTTP/1.1 101") || !head.toString("latin1").endsWith(HEAD_END)) {
    throw new Error("the server did not upgrade the connection");
  }
}

/** RFC 6455 §5.2, as servers send it: whole messages, not masked. Gives what is no whole frame yet. */
function readFrames(bytes: Buffer, onText: (text: Buffer) => void, answer: (frame: Buffer) => void): Buffer {
  let at = 0;
  while (bytes.length - at >= 2) {
    const opcode = (bytes[at] ?? 0) & 0x0f;
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const head = short === 126 ? 4 : 2;
    if (short === 127) {
      throw new Error("a message of more than 64 kB");
    }
    if (bytes.length - at < head) {
      break;
    }
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    if (bytes.length - at < head + length) {
      break;
    }
    const payload = bytes.subarray(at + head, at + head + length);
    at += head + length;
    if (opcode === 0x1) {
      onText(payload);
    } else if (opcode === 0x9) {
      answer(frame(0xa, payload));
    }
  }
  return at === bytes.length ? EMPTY : bytes.subarray(at);
}

/** One of a client's: masked, with zeros. */
function frame(opcode: number, payload: Buffer): Buffer {
  const head =
    payload.length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | payload.length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}
