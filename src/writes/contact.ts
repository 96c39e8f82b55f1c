import { PlatformError } from "../errors.ts";
import type { ContactId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { ContactFields } from "../pidj/writes.ts";
import { checkAddress, type PostalAddressInput } from "./address.ts";
import { carryOut, nobody } from "./carry-out.ts";
import { Checks, withoutNull } from "./checks.ts";
import { type Stub, stubOf } from "./created.ts";
import { type Outcome, type Refusal, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

type Optional<Value = string> = Value | null | undefined;

interface ContactInput {
  readonly phoneNumber?: Optional<E164>;
  readonly emailAddress?: Optional;
  readonly firstName?: Optional;
  readonly lastName?: Optional;
  readonly businessName?: Optional;
  readonly displayName?: Optional;
  readonly groupId?: Optional;
  readonly timezone?: Optional;
  readonly homeAddress?: Optional<PostalAddressInput>;
  readonly businessAddress?: Optional<PostalAddressInput>;
}

interface CreateContactInput extends ContactInput {
  readonly phoneNumber: E164;
  readonly externalId?: Optional;
  readonly idempotencyKey?: Optional;
}

interface UpdateContactInput extends ContactInput {
  readonly id: string;
}

/** A contact that was created, or the one that stood in the way, as far as it is known. */
interface ContactCreation extends Outcome<Stub<ContactId>> {
  readonly existingContact: Stub<ContactId> | null;
}

const PATHS = {
  phone_number: ["input", "phoneNumber"],
  email_address: ["input", "emailAddress"],
  first_name: ["input", "firstName"],
  last_name: ["input", "lastName"],
  business_name: ["input", "businessName"],
  display_name: ["input", "displayName"],
  group: ["input", "groupId"],
  timezone: ["input", "timezone"],
  external_id: ["input", "externalId"],
  ...addressPaths("home", "homeAddress"),
  ...addressPaths("business", "businessAddress"),
  // A contact is a number (pidj-api.txt:310).
  ALREADY_EXISTS: ["input", "phoneNumber"],
};

/** A sentence about "this id" is about the one that was given. */
const ID_PATHS = { id: ["input", "id"] };

/**
 * pidj-api.txt:308-341. A number that is on record changes nothing, and how Pidj says so is not shown: whatever lacks
 * the sentence "Contact created." is taken for that (ambiguities P-7).
 */
export async function createContact(tools: WriteTools, input: CreateContactInput): Promise<ContactCreation> {
  const answer: { id: ContactId | null; onRecord: Refusal | null } = { id: null, onRecord: null };
  const { phoneNumber } = input;
  const outcome = await refusalsAsData(async () => {
    const checks = new Checks();
    const contact = {
      ...checkFields(checks, input),
      phoneNumber,
      externalId: checks.optionalText(PATHS.external_id, input.externalId),
    };
    const idempotencyKey = checks.idempotencyKey(input.idempotencyKey);
    checks.done();
    return carryOut(tools, {
      mutation: "createContact",
      kind: "creation",
      idempotencyKey,
      input: withoutNull(contact),
      paths: { ...PATHS, NOT_FOUND: contact.groupId ? PATHS.group : undefined },
      touches: ["contacts"],
      texts: nobody,
      call: async (scope) => {
        const { id, isCreated, message } = await tools.pidj.createContact(contact, scope);
        answer.id = id;
        if (!isCreated) {
          answer.onRecord = numberOnRecord(message);
          throw nothingDone(answer.onRecord);
        }
        return id;
      },
    });
  });
  await learn(tools, answer.id, phoneNumber);
  const { value: id } = outcome;
  // What Pidj did is certain, whatever its sentence sounds like.
  const userErrors = answer.onRecord === null ? outcome.userErrors : [answer.onRecord];
  const isThere = userErrors.some(({ code }) => code === "ALREADY_EXISTS");
  const existing = isThere ? (answer.id ?? (await findLinked(tools, phoneNumber))) : null;
  return {
    ...outcome,
    value: id === null ? null : stubOf(id),
    userErrors,
    existingContact: existing === null ? null : stubOf(existing),
  };
}

/** pidj-api.txt:343-358. */
export function updateContact(tools: WriteTools, input: UpdateContactInput): Promise<Outcome<Stub<ContactId>>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const id = checks.id("Contact", ID_PATHS.id, input.id);
    const phoneNumber = checks.notNull(PATHS.phone_number, input.phoneNumber);
    const contact = { phoneNumber, ...checkFields(checks, input) };
    checks.atLeastOne({ ...contact, phoneNumber: input.phoneNumber });
    checks.done();
    const outcome = await carryOut(tools, {
      mutation: "updateContact",
      kind: "change",
      idempotencyKey: null,
      input: { id, ...contact },
      paths: { ...PATHS, ...ID_PATHS, NOT_FOUND: contact.groupId ? undefined : ID_PATHS.id },
      touches: ["contacts"],
      texts: nobody,
      call: async (scope) => {
        await tools.pidj.updateContact(id, contact, scope);
        return stubOf(id);
      },
    });
    if (outcome.value !== null && phoneNumber !== undefined) {
      await learn(tools, id, phoneNumber);
    }
    return outcome;
  });
}

/** pidj-api.txt:364-383. Gives the id of what is gone. */
export function deleteContact(tools: WriteTools, input: { readonly id: string }): Promise<Outcome<ContactId>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const id = checks.id("Contact", ID_PATHS.id, input.id);
    checks.done();
    const outcome = await carryOut(tools, {
      mutation: "deleteContact",
      kind: "change",
      idempotencyKey: null,
      input: { id },
      paths: { ...ID_PATHS, NOT_FOUND: ID_PATHS.id },
      touches: ["contacts"],
      texts: nobody,
      call: async (scope) => {
        await tools.pidj.deleteContact(id, scope);
        return id;
      },
    });
    if (outcome.value !== null) {
      await tools.directory
        .forget([id], tools.now())
        .catch((error: unknown) => tools.warn("a deleted contact was not forgotten", error));
    }
    return outcome;
  });
}

function checkFields(checks: Checks, input: ContactInput): Omit<ContactFields, "phoneNumber"> {
  return {
    emailAddress: input.emailAddress,
    firstName: checks.optionalText(PATHS.first_name, input.firstName),
    lastName: checks.optionalText(PATHS.last_name, input.lastName),
    businessName: checks.optionalText(PATHS.business_name, input.businessName),
    displayName: checks.optionalText(PATHS.display_name, input.displayName),
    groupId: checks.optionalId("PidjGroup", PATHS.group, input.groupId),
    timezone: input.timezone,
    homeAddress: checkAddress(checks, ["input", "homeAddress"], input.homeAddress),
    businessAddress: checkAddress(checks, ["input", "businessAddress"], input.businessAddress),
  };
}

/** Pidj has answered: what the directory cannot keep now, the next read teaches it. */
async function learn(tools: WriteTools, contactId: ContactId | null, phoneNumber: E164): Promise<void> {
  if (contactId !== null) {
    await tools.directory
      .learn([{ contactId, phoneNumber, source: "WRITTEN" }], tools.now())
      .catch((error: unknown) => tools.warn("a written contact was not learned", error));
  }
}

async function findLinked(tools: WriteTools, phoneNumber: E164): Promise<ContactId | null> {
  try {
    const [link] = await tools.directory.links([phoneNumber]);
    return link?.state === "LINKED" ? (link.candidateIds[0] ?? null) : null;
  } catch (error) {
    tools.warn("the contact that has a number was not looked up", error);
    return null;
  }
}

function numberOnRecord(message: string | null): Refusal {
  return {
    code: "ALREADY_EXISTS",
    field: PATHS.phone_number,
    message: message ?? "A contact with this phone number is on record already.",
  };
}

/** A success that did nothing, as the refusal that it is: the key is free, and another number may be tried. */
function nothingDone({ message }: Refusal): PlatformError {
  return new PlatformError("PIDJ", "refused", "POST /contact: not created", {
    mayHaveTaken: false,
    platformMessage: message,
  });
}

function addressPaths(which: "home" | "business", name: string): Record<string, readonly string[]> {
  return {
    [`${which}_street_1`]: ["input", name, "street1"],
    [`${which}_street_2`]: ["input", name, "street2"],
    [`${which}_city`]: ["input", name, "city"],
    [`${which}_state`]: ["input", name, "state"],
    [`${which}_postal`]: ["input", name, "postalCode"],
    [`${which}_country`]: ["input", name, "country"],
  };
}
