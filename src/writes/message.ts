import { type MessagePreview, previewMessage } from "../message-preview.ts";
import type { E164 } from "../phone.ts";
import type { Recipient, Sender } from "../pidj/writes.ts";
import { carryOut } from "./carry-out.ts";
import { Checks, type Optional } from "./checks.ts";
import { type RecipientNumber, requireTextable } from "./opt-out.ts";
import { checkRecipient, checkSender, PARTY_PATHS, type RecipientInput, type SenderInput } from "./parties.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

/** The graph's `SendMessageInput`. */
export interface SendMessageInput {
  readonly from: SenderInput;
  readonly recipient: RecipientInput;
  readonly text: string;
  readonly allowTruncation?: Optional<boolean>;
  readonly idempotencyKey: string;
}

/** A text that Pidj accepted. */
export interface SentMessage {
  readonly to: E164;
  readonly from: Sender;
  readonly preview: MessagePreview;
  readonly sentAt: Date;
}

/** The recorded outcome of a text; everything else is in the input. */
interface Accepted {
  readonly to: E164;
  /** RFC 3339. */
  readonly sentAt: string;
  readonly message: string | null;
}

const TEXT = ["input", "text"];

/** docs/platforms.md, Send a message. A contact's number is read first. */
export function sendMessage(tools: WriteTools, input: SendMessageInput): Promise<Outcome<SentMessage>> {
  return refusalsAsData(async () => {
    const { from, recipient, preview } = check(input);
    const { value, isReplay } = await carryOut<Accepted, RecipientNumber>(tools, {
      mutation: "sendMessage",
      kind: "send",
      idempotencyKey: input.idempotencyKey,
      input: { from, recipient, text: input.text, allowTruncation: input.allowTruncation ?? false },
      paths: {
        ...PARTY_PATHS,
        // This call takes a number only.
        to_number: "contactId" in recipient ? PARTY_PATHS.contact_id : PARTY_PATHS.to_number,
        text_body: TEXT,
        NOT_FOUND: "groupId" in from ? PARTY_PATHS.group_id : undefined,
      },
      changes: ["PIDJ"],
      prepare: () => requireTextable(tools, recipient),
      resultIfConfirmed: ({ number: to }) => ({ to, sentAt: tools.now().toISOString(), message: null }),
      texts: (addressee) => [addressee],
      outgoing: ({ number: to }) => ({ text: preview.text, to, ...tools.lineOf(from), jobId: tools.jobId }),
      call: async (scope, addressee) => {
        const to = addressee.number;
        const { message } = await tools.pidj.send({ from, to, text: preview.text }, scope);
        return { to, sentAt: tools.now().toISOString(), message };
      },
      messageOf: ({ message }) => message,
    });
    return { isReplay, value: { to: value.to, from, preview, sentAt: new Date(value.sentAt) } };
  });
}

function check(input: SendMessageInput): {
  readonly from: Sender;
  readonly recipient: Recipient;
  readonly preview: MessagePreview;
} {
  const checks = new Checks();
  const from = checkSender(checks, input.from);
  const recipient = checkRecipient(checks, input.recipient);
  const preview = previewMessage(checks.text(TEXT, input.text));
  if (preview.isTruncated && input.allowTruncation !== true) {
    const message = `text has ${preview.characterCount} characters; Pidj delivers 1,600 at most.`;
    checks.refuse(TEXT, message, "TEXT_TOO_LONG");
  }
  checks.done();
  return { from, recipient, preview };
}
