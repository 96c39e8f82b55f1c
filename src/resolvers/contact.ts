import type { Context, Page } from "../context.ts";
import { InputError } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import type { ContactRecord } from "../pidj/records.ts";
import { requireId } from "./arguments.ts";
import { type Complete, detailFields } from "./fields.ts";
import { personOrNull } from "./person.ts";

/** A page of contacts, and whether its list contains all contacts of the account. */
export type ContactPage = Page<ContactRecord> & { readonly isComplete: boolean };

const readDetail = (contact: ContactRecord, { pidj }: Context) => pidj.contact(contact.id);

const fromRowOrDetail = detailFields<ContactRecord, Exclude<keyof ContactRecord, "id" | "isDetail">>(
  [
    "firstName",
    "lastName",
    "businessName",
    "displayName",
    "emailAddress",
    "phoneNumber",
    "displayPhoneNumber",
    "officePhoneNumber",
    "faxNumber",
    "timezone",
    "tags",
    "externalId",
  ],
  readDetail,
);

export const Query = {
  contact: (_root, { id }, { pidj }) => pidj.contactRow(requireId("Contact", "id", id)),
  contacts: async (_root, args, { services, pidj, people }) => {
    if (services.pidj.hasContactList) {
      const contacts = await pidj.contacts();
      return Object.assign(await contacts.page(args), { isComplete: contacts.skippedRows === 0 });
    }
    if (args.orderBy?.field === "NAME") {
      throw new InputError("orderBy.field", `orderBy.field NAME ${NEEDS_LIST}`);
    }
    const page = await people.knownContacts(args, args.orderBy?.direction ?? "ASC", args.filter ?? {});
    return Object.assign(page, { isComplete: false });
  },
} satisfies gql.QueryResolvers;

const NEEDS_LIST = "needs Pidj's contact list, which is off here (PIDJ_CONTACTS_LIST): order by ID.";

export const Contact = {
  ...fromRowOrDetail,
  person: async (contact, _args, context) => personOrNull(await fromRowOrDetail.phoneNumber(contact, null, context)),
  participant: async (contact, _args, context) => {
    const phoneNumber = await fromRowOrDetail.phoneNumber(contact, null, context);
    return phoneNumber === null ? null : context.people.participant(phoneNumber);
  },
} satisfies Complete<gql.ContactResolvers, gql.Contact, ContactRecord>;
