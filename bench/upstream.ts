import { createServer } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import { answers } from "./world.ts";

// Both platforms in one process: the reads of world.ts, answered from buffers that are built beforehand. It speaks just
// enough HTTP/1.1 over a bare socket, because node:http would cost more than the fastest server under test does.
//
//   node bench/upstream.ts PORT CONTROL_PORT

interface Reply {
  readonly route: string;
  readonly bytes: Buffer;
}

interface Due {
  readonly from: number;
  readonly at: number;
  readonly socket: Socket;
  readonly bytes: Buffer;
}

const NOT_FOUND: Reply = { route: "unknown", bytes: frame("404 Not Found", '{"error":"not found"}') };

let replies = new Map<string, Reply>();
let latency = 0;
let counts = new Map<string, number>();
/** Milliseconds between the last requests and their answers, one after the other, since the last reset. */
let spent = 0;

function frame(status: string, body: string): Buffer {
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

function hold(rows: number): void {
  replies = new Map(answers(rows).map(({ route, path, body }) => [path, { route, bytes: frame("200 OK", body) }]));
}

// The latency is the same for all, so what came first is due first: one timer serves the whole queue.
const waiting: Due[] = [];
let timer: NodeJS.Timeout | null = null;

function flush(): void {
  timer = null;
  const now = performance.now();
  let ready = 0;
  while (ready < waiting.length && (waiting[ready]?.at ?? 0) <= now) {
    const due = waiting[ready];
    if (due !== undefined) {
      due.socket.write(due.bytes);
      spent += performance.now() - due.from;
    }
    ready++;
  }
  waiting.splice(0, ready);
  const next = waiting[0];
  if (next !== undefined) {
    timer = setTimeout(flush, Math.max(1, next.at - now));
  }
}

function answer(socket: Socket, target: string): void {
  const query = target.indexOf("?");
  const reply = replies.get(decodeURIComponent(query < 0 ? target : target.slice(0, query))) ?? NOT_FOUND;
  counts.set(reply.route, (counts.get(reply.route) ?? 0) + 1);
  if (latency === 0) {
    socket.write(reply.bytes);
    return;
  }
  const from = performance.now();
  waiting.push({ from, at: from + latency, socket, bytes: reply.bytes });
  if (timer === null) {
    timer = setTimeout(flush, latency);
  }
}

function serve(socket: Socket): void {
  let pending = "";
  socket.setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    pending += chunk;
    for (;;) {
      const end = pending.indexOf("\r\n\r\n");
      if (end < 0) {
        return;
      }
      // A GET may carry a body here (docs/platforms.md T-2): it is skipped by its length, not read.
      const length = /\r\ncontent-length: *(\d+)/i.exec(pending.slice(0, end))?.[1] ?? "0";
      const size = end + 4 + Number(length);
      if (pending.length < size) {
        return;
      }
      const from = pending.indexOf(" ") + 1;
      const target = pending.slice(from, pending.indexOf(" ", from));
      pending = pending.slice(size);
      answer(socket, target);
    }
  });
}

function control(command: URL): string {
  switch (command.pathname) {
    case "/hold":
      hold(Number(command.searchParams.get("rows")));
      latency = Number(command.searchParams.get("latency"));
      break;
    case "/delay":
      latency = Number(command.searchParams.get("latency"));
      break;
    case "/reset":
      counts = new Map();
      spent = 0;
      break;
    case "/spent":
      return String(spent);
  }
  return JSON.stringify(Object.fromEntries(counts));
}

const [port, controlPort] = process.argv.slice(2).map(Number);
hold(100);
createTcpServer({ noDelay: true }, serve).listen({ port, host: "127.0.0.1", backlog: 2048 });
createServer((request, response) => {
  response.end(control(new URL(request.url ?? "/", "http://127.0.0.1")));
}).listen(controlPort, "127.0.0.1", () => process.stdout.write("upstream ready\n"));
