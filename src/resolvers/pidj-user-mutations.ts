import type * as gql from "../generated/graphql.ts";
import {
  createPidjUser,
  deletePidjUser,
  pausePidjUser,
  recoverPidjUser,
  unpausePidjUser,
  updatePidjUser,
} from "../writes/pidj-user.ts";

export const Mutation = {
  createPidjUser: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await createPidjUser(writes, input);
    return { user: value, userErrors };
  },
  updatePidjUser: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await updatePidjUser(writes, input);
    return { user: value, userErrors };
  },
  deletePidjUser: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await deletePidjUser(writes, input);
    return { deletedId: value, userErrors };
  },
  recoverPidjUser: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await recoverPidjUser(writes, input);
    return { user: value, userErrors };
  },
  pausePidjUser: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await pausePidjUser(writes, input);
    return { ...value, userErrors };
  },
  unpausePidjUser: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await unpausePidjUser(writes, input);
    return { ...value, userErrors };
  },
} satisfies gql.MutationResolvers;
