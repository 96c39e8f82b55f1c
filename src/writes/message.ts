import type { ContactId } from "../ids.ts";
import { type MessagePreview, previewMessage } from "../message-preview.ts";
import type { E164 } from "../phone.ts";
import type { Sender } from "../pidj/writes.ts";
import { carryOut, type Outcome, refusalsAsData, type WriteTools } from "./carry-out.ts";
import { Checks } from "./checks.ts";
import { needTextable } from "./opt-out.ts";

/** The graph's `SendMessageInput`; of the members of `from` and `recipient`, exactly one each. */
export interface SendMessageInput {
  readonly from: { readonly phoneNumber?: E164 | null | undefined; readonly groupId?: string | null | undefined };
  readonly recipient: {
    readonly phoneNumber?: E164 | null | undefined;
    readonly contactId?: string | null | undefined;
  };
  readonly text: string;
  readonly allowTruncation?: boolean | null | undefined;
  readonly idempotencyKey: string;
}

/** A text that Pidj has taken. */
export interface SentMessage {
  readonly to: E164;
  readonly from: Sender;
  readonly preview: MessagePreview;
  readonly sentAt: Date;
}

/** What is kept of a text that was sent; everything else stands in the input. */
interface Accepted {
  readonly to: E164;
  /** RFC 3339. */
  readonly sentAt: string;
  readonly message: string | null;
}

type To = { readonly phoneNumber: E164 } | { readonly contactId: ContactId };

const GROUP = ["input", "from", "groupId"];
const CONTACT = ["input", "recipient", "contactId"];
const TEXT = ["input", "text"];
const PATHS = {
  from_number: ["input", "from", "phoneNumber"],
  group_id: GROUP,
  to_number: ["input", "recipient"],
  text_body: TEXT,
};

/** `POST /send` (pidj-api.txt:59-81); a contact's number is read first. */
export function sendMessage(tools: WriteTools, input: SendMessageInput): Promise<Outcome<SentMessage>> {
  return refusalsAsData(async () => {
    const { from, recipient, preview } = check(input);
    const outcome = await carryOut<Accepted, E164>(tools, {
      mutation: "sendMessage",
      kind: "send",
      idempotencyKey: input.idempotencyKey,
      input: { from, recipient, text: input.text, allowTruncation: input.allowTruncation ?? false },
      paths: PATHS,
      touches: [],
      prepare: () => needTextable(tools, recipient),
      presume: (to) => ({ to, sentAt: tools.now().toISOString(), message: null }),
      call: async (to) => {
        const { message } = await tools.pidj.send({ from, to, text: preview.text }, tools.scope);
        return { to, sentAt: tools.now().toISOString(), message };
      },
      messageOf: ({ message }) => message,
    });
    const { value } = outcome;
    return { ...outcome, value: value && { to: value.to, from, preview, sentAt: new Date(value.sentAt) } };
  });
}

function check(input: SendMessageInput): {
  readonly from: Sender;
  readonly recipient: To;
  readonly preview: MessagePreview;
} {
  const checks = new Checks();
  const { phoneNumber: fromNumber, groupId } = input.from;
  const { phoneNumber: toNumber, contactId } = input.recipient;
  const from: Sender = fromNumber
    ? { phoneNumber: fromNumber }
    : { groupId: checks.id("PidjGroup", GROUP, groupId ?? "") };
  const recipient: To = toNumber
    ? { phoneNumber: toNumber }
    : { contactId: checks.id("Contact", CONTACT, contactId ?? "") };
  const preview = previewMessage(checks.text(TEXT, input.text));
  if (preview.isTruncated && input.allowTruncation !== true) {
    const message = `text has ${preview.characterCount} characters; Pidj delivers 1,600 at most.`;
    checks.refuse(TEXT, message, "TEXT_TOO_LONG");
  }
  checks.done();
  return { from, recipient, preview };
}
