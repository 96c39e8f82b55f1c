import type { LedgerEntry } from "../src/simulator/journal.ts";
import { type Answer, ask } from "./support.ts";

const SEND = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) {
    message {
      to { phoneNumber } fromPhoneNumber group { id } preview { text isTruncated characterCount } sentAt
    }
    isReplay
    userErrors { code field message }
  }
}`;

/** A number of the simulated account's first group, and somebody on neither platform. */
export const FROM = "+18885552000";
export const TO = "+14155550100";

export const input = (idempotencyKey: string) => ({
  from: { phoneNumber: FROM },
  recipient: { phoneNumber: TO },
  text: `Text of ${idempotencyKey}`,
  idempotencyKey,
});

/** Sends one text; `changes` replace parts of the usual input. */
export function send(
  url: string,
  idempotencyKey: string,
  changes: object = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  return ask(url, SEND, { input: { ...input(idempotencyKey), ...changes } }, headers);
}

/** How far the attempt has come; null where the key is not known. */
export async function stateOf(url: string, idempotencyKey: string): Promise<string | null> {
  const answer = await ask(url, "query ($key: String!) { attempt(idempotencyKey: $key) { state } }", {
    key: idempotencyKey,
  });
  return answer.data.attempt?.state ?? null;
}

/** What became of it in a word: `sent`, `replayed`, a user error's code, or an error's code. */
export function wordOf({ data, errors = [] }: Answer): string {
  const payload = data?.sendMessage;
  if (payload === null || payload === undefined) {
    return String(errors[0]?.extensions["code"]);
  }
  return payload.message === null ? payload.userErrors[0].code : payload.isReplay ? "replayed" : "sent";
}

/** How often the platform took the text of this key. */
export function timesTaken(ledger: readonly LedgerEntry[], idempotencyKey: string): number {
  return ledger.filter((entry) => entry.input["text_body"] === input(idempotencyKey).text).length;
}
