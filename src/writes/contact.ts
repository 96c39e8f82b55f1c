import type { ContactId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { ContactRecord } from "../pidj/records.ts";
import type { ContactAnswer, ContactFields } from "../pidj/writes.ts";
import { checkAddress, type PostalAddressInput } from "./address.ts";
import { carryOut, nobody } from "./carry-out.ts";
import { Checks, type Optional, withoutNull } from "./checks.ts";
import { type Stub, stubOf } from "./created.ts";
import { type Outcome, type Refusal, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";
import { verifyDeletion, verifyUpdate } from "./verify.ts";

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

/** The outcome of a creation; `existingContact` is the contact that has the number already, if it is known. */
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
  // A number belongs to one contact (docs/platforms.md P-7).
  ALREADY_EXISTS: ["input", "phoneNumber"],
};

/** A sentence that mentions an id means the id that was given. */
const ID_PATHS = { id: ["input", "id"] };

/** docs/platforms.md, Create a contact. Nothing is changed if a contact has the number already. */
export async function createContact(tools: WriteTools, input: CreateContactInput): Promise<ContactCreation> {
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
    return carryOut<ContactAnswer>(tools, {
      mutation: "createContact",
      kind: "creation",
      idempotencyKey,
      input: withoutNull(contact),
      paths: { ...PATHS, NOT_FOUND: contact.groupId ? PATHS.group : undefined },
      changes: ["contacts"],
      texts: nobody,
      call: (scope) => tools.pidj.createContact(contact, scope),
      didNothing: ({ kind }) => kind === "exists",
      learn: ({ id, kind }) => learn(tools, id, kind === "created" ? contact : { phoneNumber }),
      messageOf: ({ message }) => message,
      resultIfConfirmed: () => ({ kind: "created", id: null, message: null }),
    });
  });
  const { value, isReplay } = outcome;
  if (value?.kind === "created") {
    return { value: value.id === null ? null : stubOf(value.id), isReplay, userErrors: [], existingContact: null };
  }
  const userErrors = value === null ? outcome.userErrors : [numberOnRecord(value.message)];
  const isOnRecord = userErrors.some(({ code }) => code === "ALREADY_EXISTS");
  const existing = value?.id ?? (isOnRecord ? await findLinked(tools, phoneNumber) : null);
  return { value: null, isReplay, userErrors, existingContact: existing === null ? null : stubOf(existing) };
}

/** docs/platforms.md, Update a contact. */
export function updateContact(tools: WriteTools, input: UpdateContactInput): Promise<Outcome<ContactRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const id = checks.id("Contact", ID_PATHS.id, input.id);
    const phoneNumber = checks.notNull(PATHS.phone_number, input.phoneNumber);
    const contact = { phoneNumber, ...checkFields(checks, input) };
    checks.atLeastOne({ ...contact, phoneNumber: input.phoneNumber });
    checks.done();
    return carryOut<ContactRecord>(tools, {
      mutation: "updateContact",
      kind: "change",
      idempotencyKey: null,
      input: { id, ...contact },
      paths: { ...PATHS, ...ID_PATHS, NOT_FOUND: contact.groupId ? undefined : ID_PATHS.id },
      changes: ["contacts"],
      texts: nobody,
      call: async (scope) => {
        await tools.pidj.updateContact(id, contact, scope);
        return stubOf(id);
      },
      verify: verifyUpdate(tools.pidj.contact, id, contact),
      learn: async () => {
        if (phoneNumber !== undefined) {
          await learn(tools, id, { phoneNumber });
        }
      },
    });
  });
}

/** docs/platforms.md, Delete a contact. Returns the deleted contact's id. */
export function deleteContact(tools: WriteTools, input: { readonly id: string }): Promise<Outcome<ContactId>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const id = checks.id("Contact", ID_PATHS.id, input.id);
    checks.done();
    return carryOut(tools, {
      mutation: "deleteContact",
      kind: "change",
      idempotencyKey: null,
      input: { id },
      paths: { ...ID_PATHS, NOT_FOUND: ID_PATHS.id },
      changes: ["contacts"],
      texts: nobody,
      call: async (scope) => {
        await tools.pidj.deleteContact(id, scope);
        return id;
      },
      verify: verifyDeletion(tools.pidj.contact, id),
      learn: () => tools.directory.forget([id], tools.now()),
    });
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

/** `contact`: its number, and its names if all of them are known. */
async function learn(
  tools: WriteTools,
  contactId: ContactId | null,
  contact: Pick<ContactFields, "firstName" | "lastName" | "businessName" | "displayName"> & {
    readonly phoneNumber: E164;
  },
): Promise<void> {
  if (contactId !== null) {
    await tools.directory.learn([{ ...contact, contactId, source: "WRITTEN" }], tools.now());
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
