import {
  type Choice,
  CONTACT,
  given,
  holderOf,
  type Model,
  need,
  no,
  numberAt,
  pick,
  showContact,
  showUser,
  USER,
  type User,
  type Write,
  type Writes,
  yes,
} from "./model.ts";

const contactAt = (model: Model, at: number): string => pick(model.contactIds, at, "co:none");
const userAt = (model: Model, at: number): string => pick(model.users.keys(), at, "us:none");

/** The mutations of contacts, and what each does to the model. */
export const CONTACT_WRITES = {
  createContact: (model: Model, choice: Choice): Write => {
    const phoneNumber = numberAt(choice.number);
    return {
      input: given({ phoneNumber, firstName: choice.name }),
      selection: `contact { ${CONTACT} } existingContact { ${CONTACT} }`,
      carryOut: (answered) => {
        const holder = holderOf(model.contacts, phoneNumber);
        if (holder !== null) {
          return { ...no("ALREADY_EXISTS", "contact"), existingContact: showContact(model, holder) };
        }
        const id = need(answered, "contact");
        model.contactIds.push(id);
        model.contacts.set(id, { phoneNumber, firstName: choice.name || null });
        return yes({ contact: showContact(model, id), existingContact: null });
      },
    };
  },
  updateContact: (model: Model, choice: Choice): Write => {
    const id = contactAt(model, choice.at);
    const phoneNumber = choice.number === undefined ? undefined : numberAt(choice.number);
    // A read-back teaches the directory too: without one, what was written must have taught it.
    const isReadBack = choice.other % 2 === 0;
    return {
      input: given({ id, phoneNumber, firstName: choice.name }),
      selection: `contact { ${isReadBack ? CONTACT : "id"} }`,
      carryOut: () => {
        const contact = model.contacts.get(id);
        if (phoneNumber === undefined && choice.name === undefined) {
          return no("INVALID_INPUT", "contact");
        }
        if (contact === undefined) {
          return no("NOT_FOUND", "contact");
        }
        if (![null, id].includes(holderOf(model.contacts, phoneNumber))) {
          return no("ALREADY_EXISTS", "contact");
        }
        const firstName = choice.name === undefined ? contact.firstName : choice.name || null;
        model.contacts.set(id, { phoneNumber: phoneNumber ?? contact.phoneNumber, firstName });
        return yes({ contact: isReadBack ? showContact(model, id) : { id } });
      },
    };
  },
  deleteContact: (model: Model, choice: Choice): Write => {
    const id = contactAt(model, choice.at);
    return {
      input: { id },
      selection: "deletedId",
      carryOut: () => (model.contacts.delete(id) ? yes({ deletedId: id }) : no("NOT_FOUND", "deletedId")),
    };
  },
} satisfies Writes;

/** The mutations of Pidj's users, likewise. */
export const USER_WRITES = {
  createPidjUser: (model: Model, choice: Choice): Write => {
    const username = `user${choice.number ?? 0}`;
    return {
      input: given({ username, password: "secret", firstName: choice.name }),
      selection: `user { ${USER} }`,
      carryOut: (answered) => {
        if ([...model.users.values()].some((user) => user.username === username)) {
          return no("ALREADY_EXISTS", "user");
        }
        const id = need(answered, "user");
        model.users.set(id, { username, firstName: choice.name || null, isDeleted: false });
        return yes({ user: showUser(model, id) });
      },
    };
  },
  updatePidjUser: (model: Model, choice: Choice): Write => {
    const id = userAt(model, choice.at);
    return {
      input: given({ id, firstName: choice.name }),
      selection: `user { ${USER} }`,
      carryOut: () => {
        if (choice.name === undefined) {
          return no("INVALID_INPUT", "user");
        }
        const isThere = changeUser(model, id, { firstName: choice.name || null });
        return isThere ? yes({ user: showUser(model, id) }) : no("NOT_FOUND", "user");
      },
    };
  },
  deletePidjUser: (model: Model, choice: Choice): Write => {
    const id = userAt(model, choice.at);
    return {
      input: { id },
      selection: "deletedId",
      carryOut: () =>
        changeUser(model, id, { isDeleted: true }) ? yes({ deletedId: id }) : no("NOT_FOUND", "deletedId"),
    };
  },
  recoverPidjUser: (model: Model, choice: Choice): Write => {
    const id = userAt(model, choice.at);
    return {
      input: { id },
      selection: `user { ${USER} }`,
      carryOut: () =>
        changeUser(model, id, { isDeleted: false }, true)
          ? yes({ user: showUser(model, id) })
          : no("NOT_FOUND", "user"),
    };
  },
  pausePidjUser: (model: Model, choice: Choice): Write => setPaused(model, choice, true),
  unpausePidjUser: (model: Model, choice: Choice): Write => setPaused(model, choice, false),
} satisfies Writes;

function changeUser(model: Model, id: string, changes: Partial<User>, orDeleted = false): boolean {
  const user = model.users.get(id);
  if (user === undefined || (user.isDeleted && !orDeleted)) {
    return false;
  }
  model.users.set(id, { ...user, ...changes });
  return true;
}

function setPaused(model: Model, { at }: Choice, isPaused: boolean): Write {
  const id = userAt(model, at);
  return {
    input: { id },
    selection: `isPaused user { ${USER} }`,
    carryOut: () =>
      changeUser(model, id, {}) ? yes({ isPaused, user: showUser(model, id) }) : no("NOT_FOUND", "isPaused", "user"),
  };
}
