import { type IdType, parseId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { StoredTalk } from "../store/inbox.ts";
import type { Optional } from "./checks.ts";
import { type Outcome, Refused, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

export interface MarkReadInput {
  readonly phoneNumber: E164;
  readonly upToId?: Optional<string>;
}

/**
 * Returns the number. Throws no error for messages that were read before. Not in the audit log: nothing is sent or changed
 * at a platform.
 */
export function markRead(tools: WriteTools, { phoneNumber, upToId }: MarkReadInput): Promise<Outcome<E164>> {
  return refusalsAsData(async () => {
    const message = upToId === null || upToId === undefined ? null : await requireMessage(tools, phoneNumber, upToId);
    const conversation = await tools.conversations.markRead(phoneNumber, message?.sequence ?? null);
    if (conversation === null) {
      throw new Refused({
        code: "NOT_FOUND",
        field: ["input", "phoneNumber"],
        message: "There is no message from or to this number.",
      });
    }
    await tools.raise([], { isUnknown: false });
    return { value: phoneNumber };
  });
}

/** The message of this id, which must be one of the number's conversation. */
async function requireMessage({ inbox }: WriteTools, number: E164, id: string): Promise<StoredTalk> {
  const as = <Type extends IdType>(type: Type) => parseId(type, id);
  const [received, outgoing] = [as("ReceivedMessage"), as("OutgoingMessage")];
  const message = received ? await inbox.message(received) : outgoing && (await inbox.outgoing(outgoing));
  const partner = message?.kind === "ReceivedMessage" ? message.from : message?.to;
  if (!message || partner !== number) {
    const expected = "the id of a message of this conversation, such as message:… or sent:…";
    throw new Refused({ code: "NOT_FOUND", field: ["input", "upToId"], message: `upToId must be ${expected}.` });
  }
  return message;
}
