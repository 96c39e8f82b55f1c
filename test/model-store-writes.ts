import { type Choice, type Model, no, numberAt, showPerson, type Write, type Writes, yes } from "./model.ts";
import { FROM } from "./sends.ts";

const PERSON = "phoneNumber optedOutAt contactLink { state }";
export const KEYS = ["first", "second", "third"] as const;

const keyAt = (at: number): string => KEYS[at % KEYS.length] ?? "";

/** The mutations that change rows of the store: opt-outs, and sends with their attempts. */
export const STORE_WRITES = {
  setOptOut: (model: Model, choice: Choice): Write => {
    const phoneNumber = numberAt(choice.number);
    const isOptedOut = choice.at % 3 === 0;
    return {
      input: { phoneNumber, isOptedOut, reason: "They said so." },
      selection: `person { ${PERSON} }`,
      carryOut: () => {
        model.optedOut[isOptedOut ? "add" : "delete"](phoneNumber);
        return yes({ person: showPerson(model, phoneNumber) });
      },
    };
  },
  sendMessage: (model: Model, choice: Choice): Write => {
    const phoneNumber = numberAt(choice.number);
    const idempotencyKey = keyAt(choice.at);
    return {
      input: { from: { phoneNumber: FROM }, recipient: { phoneNumber }, text: "Hello", idempotencyKey },
      selection: `message { to { ${PERSON} } } isReplay`,
      carryOut: () => {
        const earlier = model.accepted.get(idempotencyKey);
        if (earlier !== undefined && earlier !== phoneNumber) {
          return { ...no("IDEMPOTENCY_KEY_REUSED", "message"), isReplay: false };
        }
        // Refused before it is recorded: the key stays unknown.
        if (earlier === undefined && model.optedOut.has(phoneNumber)) {
          return { ...no("RECIPIENT_OPTED_OUT", "message"), isReplay: false };
        }
        model.accepted.set(idempotencyKey, phoneNumber);
        return yes({ message: { to: showPerson(model, phoneNumber) }, isReplay: earlier !== undefined });
      },
    };
  },
} satisfies Writes;
