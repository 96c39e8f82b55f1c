import type { Backend } from "./backend.ts";
import type { Answer } from "./exchange.ts";
import {
  checkNumber,
  checkTimezone,
  type Form,
  failure,
  type PidjHandler,
  readAddresses,
  refusal,
  requireGroup,
  requireText,
  success,
} from "./pidj-checks.ts";
import type { Contact, World } from "./world.ts";

/** The account's own settings, used if a property is left out (docs/platforms.md P-9). */
export const ACCOUNT_TIMEZONE = "America/Denver";

const TEXT_PROPERTIES = ["first_name", "last_name", "business_name", "display_name", "email_address"] as const;

export function contactRoutes(backend: Backend): Record<string, PidjHandler> {
  const { world } = backend;
  return {
    "GET /contact/{id}": ({ id }) => success({ contact: presentContact(requireContact(world, id)) }),
    "POST /contact": ({ form }) => createContact(backend, form),
    "PUT /contact/{id}": ({ id, form }) => {
      updateContact(world, requireContact(world, id), form);
      return success({});
    },
    "DELETE /contact/{id}": ({ id }) => {
      world.contacts.delete(requireContact(world, id).id);
      return success({});
    },
  };
}

/** A contact as `GET /contact/{id}` returns it: without its id (docs/platforms.md P-14). */
function presentContact(contact: Contact): Omit<Contact, "id" | "group_id" | "addresses"> {
  const { id: _id, group_id: _group, addresses: _addresses, ...shown } = contact;
  return shown;
}

function requireContact(world: World, id: string): Contact {
  const contact = world.contacts.get(id);
  if (contact === undefined) {
    throw refusal(404, "No contact has this id.");
  }
  return contact;
}

function findByNumber(world: World, number: string): Contact | null {
  for (const contact of world.contacts.values()) {
    if (contact.phone_number === number) {
      return contact;
    }
  }
  return null;
}

/** The contact with this number; creates one if there is none (docs/platforms.md P-25). */
export function findOrAddContact(world: World, number: string): Contact {
  return findByNumber(world, number) ?? world.contacts.put(blankContact(world, number));
}

function blankContact(world: World, phone_number: string): Contact {
  return {
    id: world.makePidjId("co"),
    first_name: "",
    last_name: "",
    business_name: "",
    display_name: "",
    email_address: "",
    phone_number,
    phone_office: null,
    phone_fax: null,
    timezone: ACCOUNT_TIMEZONE,
    tags: [],
    external_id: null,
    group_id: null,
    addresses: {},
  };
}

function createContact({ world, shapes }: Backend, form: Form): Answer {
  const number = requireText(form, "phone_number");
  const changes = readChanges(world, form);
  const existing = findByNumber(world, number);
  if (existing === null) {
    const external = form["external_id"] ?? "";
    const { id } = world.contacts.put({
      ...blankContact(world, number),
      ...changes,
      timezone: changes.timezone || ACCOUNT_TIMEZONE,
      external_id: external === "" ? null : external,
    });
    return success({ id, message: "Contact created." });
  }
  // Pidj changes nothing if a contact has the number; how it says so is not documented (docs/platforms.md P-7).
  const message = "Contact already exists.";
  switch (shapes.existingContact) {
    case "success-with-id":
      return success({ id: existing.id, message });
    case "success-without-id":
      return success({ message });
    default:
      throw failure(message);
  }
}

function updateContact(world: World, contact: Contact, form: Form): void {
  if (form["phone_number"] === "") {
    throw refusal(400, "phone_number cannot be removed.");
  }
  const changes = readChanges(world, form);
  const holder = changes.phone_number === undefined ? null : findByNumber(world, changes.phone_number);
  if (holder !== null && holder.id !== contact.id) {
    throw refusal(409, "Another contact has this phone_number.");
  }
  const addresses = { ...contact.addresses, ...changes.addresses };
  world.contacts.put({ ...contact, ...changes, addresses });
}

type Changes = { -readonly [Name in keyof Contact]?: Contact[Name] };

/** Applies the properties that are given: an absent one stays, a blank one is cleared (docs/platforms.md P-5). */
function readChanges(world: World, form: Form): Changes {
  checkNumber(form, "phone_number");
  checkTimezone(form);
  const changes: Changes = { addresses: readAddresses(form) };
  for (const name of TEXT_PROPERTIES) {
    if (form[name] !== undefined) {
      changes[name] = form[name];
    }
  }
  if (form["phone_number"] !== undefined) {
    changes.phone_number = form["phone_number"];
  }
  if (form["timezone"] !== undefined) {
    changes.timezone = form["timezone"];
  }
  if (form["group"] !== undefined) {
    changes.group_id = form["group"] === "" ? null : requireGroup(world, form["group"]).id;
  }
  return changes;
}
