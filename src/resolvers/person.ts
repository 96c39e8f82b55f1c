import type * as gql from "../generated/graphql.ts";
import { type PersonId, personId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import { requireFew } from "./arguments.ts";
import type { Complete } from "./fields.ts";

/** A person is identified by a number; all other fields are looked up. */
export interface PersonParent {
  readonly id: PersonId;
  readonly phoneNumber: E164;
}

export function personOf(phoneNumber: E164): PersonParent {
  return { id: personId(phoneNumber), phoneNumber };
}

export function personOrNull(phoneNumber: E164 | null | undefined): PersonParent | null {
  return phoneNumber ? personOf(phoneNumber) : null;
}

export const Query = {
  person: (_root, { phoneNumber }) => personOf(phoneNumber),
  people: (_root, { phoneNumbers }) => {
    requireFew("phoneNumbers", phoneNumbers);
    return phoneNumbers.map(personOf);
  },
} satisfies gql.QueryResolvers;

export const Person = {
  displayName: ({ phoneNumber }, _args, context) =>
    context.people.displayName(phoneNumber, {
      ofContact: context.mayRead("Contact"),
      ofParticipant: context.mayRead("Participant"),
    }),
  contact: ({ phoneNumber }, _args, { people }) => people.contact(phoneNumber),
  contactLink: ({ phoneNumber }, _args, { people }) => people.link(phoneNumber),
  participant: ({ phoneNumber }, _args, { people }) => people.participant(phoneNumber),
  optedOutAt: async ({ phoneNumber }, _args, { events }) => (await events.optOut(phoneNumber))?.optedOutAt ?? null,
  optOut: ({ phoneNumber }, _args, { events }) => events.optOut(phoneNumber),
  conversation: ({ phoneNumber }, _args, { conversations }) => conversations.find(phoneNumber),
  receivedMessages: ({ phoneNumber }, args, { events }) => events.messages(args, { from: phoneNumber }),
} satisfies Complete<gql.PersonResolvers, gql.Person, PersonParent>;
