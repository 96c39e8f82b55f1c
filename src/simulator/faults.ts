import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, json } from "./exchange.ts";
import { FOREIGN_ANSWERS, type ForeignAnswer } from "./foreign-answers.ts";
import type { PlatformName } from "./journal.ts";

/** Which requests a fault changes. Faults that match the same request are nested, the earliest outermost. */
interface Target {
  readonly platform: PlatformName;
  /** The call as the documents name it (`GET /contact/{id}`), or a pattern for it; left out: every request. */
  readonly route?: string | RegExp;
  /** How many requests; left out: every one until the fault is removed. */
  readonly times?: number;
}

/** The request is carried out, and its answer held until `release`. */
export type HoldFault = Target & { readonly kind: "hold" };

export type Fault =
  | HoldFault
  | (Target &
      (
        | { readonly kind: "delay"; readonly milliseconds: number }
        // The request is not carried out:
        | { readonly kind: "hang" | "refuse" }
        | { readonly kind: "redirect"; readonly location: string; readonly status?: number }
        // A proxy answers in the platform's place, or another server does.
        | { readonly kind: "foreign"; readonly answer: ForeignAnswer }
        // A failure in the platform's own envelope; Textizen's has only a message.
        | {
            readonly kind: "failure-in-200";
            readonly code?: number;
            readonly status?: "failure" | "error";
            readonly message?: string;
          }
        | {
            readonly kind: "status";
            readonly status: number;
            readonly headers?: Readonly<Record<string, string>>;
            readonly body?: string;
            readonly contentType?: string;
            /** True: the request is carried out before it is answered with this status. */
            readonly after?: boolean;
          }
        // The request is carried out, and its answer is changed:
        | { readonly kind: "reset-after-request" }
        | { readonly kind: "cut-body" | "malformed-json" | "html-200" | "empty-body" }
        | { readonly kind: "slow-body"; readonly millisecondsPerByte: number }
        | { readonly kind: "huge-body"; readonly bytes: number }
        | { readonly kind: "rewrite"; readonly rewrite: (json: unknown) => unknown }
      ));

/** Removes the fault when called; held answers stay held until `release`. */
export interface Hold {
  (): void;
  /** Lets all held answers go, and holds none from then on. */
  release(): void;
  /** Settles when the first answer is held: its request has been carried out. */
  readonly arrived: Promise<void>;
}

/** Makes the answer, or null if there must be none. */
type Exchange = () => Promise<Answer | null>;

export interface FaultTable {
  add(fault: HoldFault): Hold;
  add(fault: Fault): () => void;
  /** Carries the request out, with the faults that match it. */
  apply(platform: PlatformName, route: string, socket: Socket, exchange: Exchange): Promise<Answer | null>;
}

interface Active {
  readonly fault: Fault;
  readonly gate: Gate | null;
  left: number;
}

interface Gate {
  readonly arrive: () => void;
  readonly released: Promise<void>;
}

/** `signal` ends all waiting. */
export function createFaultTable(signal: AbortSignal): FaultTable {
  const active = new Set<Active>();

  function add(fault: HoldFault): Hold;
  function add(fault: Fault): () => void;
  function add(fault: Fault): () => void {
    const left = fault.times ?? Number.POSITIVE_INFINITY;
    if (fault.kind !== "hold") {
      const entry: Active = { fault, gate: null, left };
      active.add(entry);
      return () => active.delete(entry);
    }
    const arrival = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const entry: Active = { fault, gate: { arrive: arrival.resolve, released: release.promise }, left };
    active.add(entry);
    const remove = (): void => void active.delete(entry);
    return Object.assign(remove, {
      arrived: arrival.promise,
      release: () => {
        remove();
        release.resolve();
      },
    });
  }

  return {
    add,
    apply: (platform, route, socket, exchange) => {
      const matching = [...active].filter(({ fault }) => matches(fault, platform, route));
      for (const entry of matching) {
        entry.left -= 1;
        if (entry.left <= 0) {
          active.delete(entry);
        }
      }
      return matching.reduceRight<Exchange>((next, entry) => () => applyFault(entry, socket, next, signal), exchange)();
    },
  };
}

function matches(fault: Fault, platform: PlatformName, route: string): boolean {
  return (
    fault.platform === platform &&
    (fault.route === undefined ||
      (typeof fault.route === "string" ? fault.route === route : route.search(fault.route) >= 0))
  );
}

async function applyFault(
  { fault, gate }: Active,
  socket: Socket,
  next: Exchange,
  signal: AbortSignal,
): Promise<Answer | null> {
  switch (fault.kind) {
    case "delay":
      await sleep(fault.milliseconds, undefined, { ref: false, signal });
      return next();
    case "hang":
      return null;
    case "refuse":
      socket.destroy();
      return null;
    case "redirect":
      return { status: fault.status ?? 302, body: "", headers: { location: fault.location } };
    case "foreign":
      return FOREIGN_ANSWERS[fault.answer];
    case "failure-in-200": {
      const { code = 200, status = "failure", message = "The simulator was told to fail." } = fault;
      return json(200, fault.platform === "PIDJ" ? { code, status, message } : { error: message });
    }
    case "status": {
      if (fault.after === true) {
        await next();
      }
      const { status, headers = {}, body = "", contentType = "application/json" } = fault;
      return { status, headers, body, contentType };
    }
    case "hold": {
      const answer = await next();
      gate?.arrive();
      await gate?.released;
      return answer;
    }
    case "reset-after-request":
      await next();
      socket.destroy();
      return null;
    default:
      return changeAnswer(fault, await next(), socket);
  }
}

type AnswerFault = Extract<
  Fault,
  { readonly kind: "cut-body" | "malformed-json" | "html-200" | "empty-body" | "slow-body" | "huge-body" | "rewrite" }
>;

function changeAnswer(fault: AnswerFault, answer: Answer | null, socket: Socket): Answer | null {
  if (answer === null) {
    return null;
  }
  switch (fault.kind) {
    case "cut-body":
      if (answer.body.length === 0) {
        socket.destroy();
        return null;
      }
      return { ...answer, delivery: "cut" };
    case "malformed-json":
      return {
        ...answer,
        status: 200,
        body: answer.body.toString().slice(0, -1) || "{",
        contentType: "application/json",
      };
    case "html-200":
      return { status: 200, body: "<!DOCTYPE html><html><body>Welcome</body></html>", contentType: "text/html" };
    case "empty-body":
      return { status: 200, body: "", contentType: "application/json" };
    case "slow-body":
      return { ...answer, delivery: { millisecondsPerByte: fault.millisecondsPerByte } };
    case "huge-body":
      // Blanks follow the JSON: only the size of the answer makes it bad.
      return { ...answer, delivery: { paddedToBytes: fault.bytes } };
    case "rewrite":
      return answer.status < 300 && answer.body.length > 0
        ? { ...answer, body: JSON.stringify(fault.rewrite(JSON.parse(answer.body.toString()))) }
        : answer;
    default:
      return fault satisfies never;
  }
}
