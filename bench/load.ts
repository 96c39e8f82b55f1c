import { connect, type Socket } from "node:net";
import { type Answered, onAnswer } from "./wire.ts";

/** A request that is ready to be sent, and what tells a right answer from a wrong one. */
export interface Shot {
  readonly bytes: Buffer;
  readonly isRight: (answered: Answered) => boolean;
}

interface Plan {
  readonly port: number;
  /** Sent in turn, over all connections together. */
  readonly shots: readonly Shot[];
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Called at the first answer after the warm-up, and at the first answer after the measured time. */
  readonly onStart: () => void;
  readonly onEnd: () => void;
}

interface Outcome {
  /** Right answers inside the measured time, and how long each took, in milliseconds, ascending. */
  readonly latencies: Float64Array;
  /** The measured time, from answer to answer. */
  readonly seconds: number;
  /** Wrong answers and broken connections, over the whole run. */
  readonly failures: number;
  /** Answers over the whole run, warm-up and end included. */
  readonly answers: number;
}

/** Beyond its time a phase waits this long for its first answers, and for its last. */
const PATIENCE_SECONDS = 15;

/**
 * A closed loop: each connection sends its next request when its last one was answered. The measured time begins and
 * ends with an answer, so that a few slow operations are counted whole.
 */
export function load(plan: Plan): Promise<Outcome> {
  const latencies: number[] = [];
  let failures = 0;
  let answers = 0;
  let turn = 0;
  let startedAt = 0;
  let endedAt = 0;
  let underWay = 0;
  const sockets = new Set<Socket>();
  const warmUntil = performance.now() + plan.warmUpSeconds * 1000;

  return new Promise((resolve) => {
    const giveUp = setTimeout(finish, (plan.warmUpSeconds + plan.seconds + PATIENCE_SECONDS) * 1000);

    function finish(): void {
      clearTimeout(giveUp);
      for (const socket of sockets) {
        socket.destroy();
      }
      const seconds = endedAt > 0 ? (endedAt - startedAt) / 1000 : 0;
      resolve({ latencies: Float64Array.from(latencies).sort(), seconds, failures, answers });
    }

    function tally(isRight: boolean, sentAt: number): void {
      const now = performance.now();
      answers++;
      failures += isRight ? 0 : 1;
      if (endedAt > 0 || now < warmUntil) {
        return;
      }
      if (startedAt === 0) {
        startedAt = now;
        plan.onStart();
        return;
      }
      if (isRight) {
        latencies.push(now - sentAt);
      }
      if (now - startedAt >= plan.seconds * 1000) {
        endedAt = now;
        plan.onEnd();
      }
    }

    function open(): void {
      const socket = connect({ port: plan.port, host: "127.0.0.1", noDelay: true });
      let shot: Shot | undefined;
      let sentAt = 0;
      sockets.add(socket);

      function send(): void {
        shot = plan.shots[turn++ % plan.shots.length];
        if (endedAt > 0 || shot === undefined) {
          shot = undefined;
          if (underWay === 0) {
            finish();
          }
          return;
        }
        underWay++;
        sentAt = performance.now();
        socket.write(shot.bytes);
      }

      socket.on("connect", send);
      onAnswer(socket, (answered) => {
        if (shot !== undefined) {
          underWay--;
          tally(shot.isRight(answered), sentAt);
          send();
        }
      });
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        if (shot !== undefined) {
          underWay--;
          failures++;
        }
        if (endedAt === 0 && performance.now() < warmUntil + (plan.seconds + PATIENCE_SECONDS) * 1000) {
          setTimeout(open, 50);
        }
      });
    }

    for (let opened = 0; opened < plan.connections; opened++) {
      open();
    }
  });
}

/** The value below which this share of the sorted values lies; null where there are none. */
export function quantile(sorted: Float64Array, share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

/** Sends the same request over this many connections at once; gives the wrong and missing answers, and the milliseconds. */
export async function stampede(
  port: number,
  shot: Shot,
  clients: number,
): Promise<{ failures: number; milliseconds: number }> {
  const sockets = await Promise.all(Array.from({ length: clients }, () => opened(port)));
  const startedAt = performance.now();
  const rights = await Promise.all(sockets.map((socket) => once(socket, shot)));
  const milliseconds = performance.now() - startedAt;
  for (const socket of sockets) {
    socket.destroy();
  }
  return { failures: rights.filter((isRight) => !isRight).length, milliseconds };
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

function once(socket: Socket, shot: Shot): Promise<boolean> {
  return new Promise((resolve) => {
    const giveUp = setTimeout(() => resolve(false), PATIENCE_SECONDS * 1000);
    socket.on("close", () => resolve(false));
    onAnswer(socket, (answered) => {
      clearTimeout(giveUp);
      resolve(shot.isRight(answered));
    });
    socket.write(shot.bytes);
  });
}
