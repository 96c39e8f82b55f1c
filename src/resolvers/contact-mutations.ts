import type * as gql from "../generated/graphql.ts";
import { createContact, deleteContact, updateContact } from "../writes/contact.ts";

export const Mutation = {
  createContact: async (_root, { input }, { writes }) => {
    const { value, existingContact, userErrors } = await createContact(writes, input);
    return { contact: value, existingContact, userErrors };
  },
  updateContact: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await updateContact(writes, input);
    return { contact: value, userErrors };
  },
  deleteContact: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await deleteContact(writes, input);
    return { deletedId: value, userErrors };
  },
} satisfies gql.MutationResolvers;
