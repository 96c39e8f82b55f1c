import { createClient as createStreamClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import fetch from "node-fetch";
import { WebSocket } from "ws";
import { SECRET } from "./events.ts";
import { type Answer, type Stage, type StageOptions, startStage } from "./support.ts";

export const ON_TEXT = `subscription Texts($groupId: ID, $from: PhoneNumber, $since: String) {
  messageReceived(groupId: $groupId, from: $from, since: $since) { cursor message { text } }
}`;

type Result = Omit<Answer, "status">;

/** A client that subscribes; disposed by scope. */
export interface Subscriber extends AsyncDisposable {
  /** Results as they come; it is subscribed when `ready` resolves. Ends when the server says that nothing more comes. */
  subscribe(query: string, variables?: Record<string, unknown>): Subscription;
}

export interface Subscription extends AsyncDisposable {
  /** The next result. Rejects where there is none, with what the client makes of it. */
  next(): Promise<Result>;
  /** Whether the server has ended it in an orderly way. */
  isOver(): Promise<boolean>;
}

export type Transport = "WebSocket" | "server-sent events";

/** The real client of a transport, that does not try again by itself. */
export function openSubscriber(url: string, transport: Transport): Subscriber {
  const client =
    transport === "WebSocket"
      ? createSocketClient({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, retryAttempts: 0 })
      : createStreamClient({ url, retryAttempts: 0 });
  return {
    subscribe: (query, variables = {}) => {
      const results = client.iterate({ query, variables }) as AsyncIterableIterator<Result>;
      const subscription: Subscription = {
        next: async () => {
          const { done, value } = await results.next();
          if (done) {
            throw new Error("the subscription is over");
          }
          return value;
        },
        isOver: async () => (await results.next()).done === true,
        [Symbol.asyncDispose]: async () => {
          await results.return?.();
        },
      };
      return subscription;
    },
    [Symbol.asyncDispose]: async () => {
      client.dispose();
    },
  };
}

/** A server with open doors for what the platforms push. */
export function startListening({ env, ...options }: StageOptions = {}): Promise<Stage> {
  const simulator = { people: 6, polls: 1, responsesPerPoll: 2, pidjGroups: 2 };
  return startStage({ simulator, ...options, env: { WEBHOOK_SECRET: SECRET, ...env } });
}

/** Forwards a text as Pidj does. */
export async function forward(url: string, message: string, more: Record<string, string> = {}): Promise<void> {
  const values = { message, from: "+12025550101", to: "+18885552000", group_id: "gr:1", ...more };
  const door = new URL(`/webhooks/pidj/${SECRET}`, url);
  const response = await fetch(door, { method: "POST", body: new URLSearchParams(values) });
  await response.text();
  if (response.status !== 200) {
    throw new Error(`the webhook answered ${response.status}`);
  }
}

/** The text and the cursor of a result of ON_TEXT. */
export function textOf({ data }: Result): { readonly text: string; readonly cursor: string } {
  const { cursor, message } = data.messageReceived;
  return { text: message.text, cursor };
}

/** Where a subscription begins that is to miss nothing: the server does not say when one has begun. */
export async function newestCursor({ query }: Pick<Stage, "query">): Promise<string> {
  return (await query("{ eventCursor }")).data.eventCursor;
}
