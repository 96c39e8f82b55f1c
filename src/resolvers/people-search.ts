import type { FoundPerson, Page, SearchGap } from "../context.ts";
import { InputError } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import { isRegion } from "../phone.ts";
import { personOf } from "./person.ts";

/** People who were found, and why others may be missing. */
export type FoundPeople = Page<FoundPerson> & { readonly gaps: readonly SearchGap[] };

const LONGEST_SEARCH = 200;

export const Query = {
  searchPeople: async (_root, { search, region, ...args }, context) => {
    const { pidj, defaultRegion } = context.services;
    const country = region?.toUpperCase() ?? defaultRegion;
    if (!isRegion(country)) {
      throw new InputError("region", "region must be a country's code of two letters (ISO 3166-1), such as US.");
    }
    if (search.length > LONGEST_SEARCH) {
      throw new InputError("search", `search must have at most ${LONGEST_SEARCH} characters.`);
    }
    const found = await context.people.search({
      ...args,
      text: search,
      region: country,
      contacts: pidj.hasContactList ? "listed" : pidj.isConfigured ? "seen" : "none",
      may: { seeContacts: context.mayRead("Contact"), seeParticipants: context.mayRead("Participant") },
    });
    if (found === null) {
      throw new InputError("search", "search must have a letter of a name, or at least three digits of a number.");
    }
    return Object.assign(found.page, { gaps: found.gaps });
  },
} satisfies gql.QueryResolvers;

export const PersonMatchConnection = {
  isComplete: ({ gaps }) => gaps.length === 0,
} satisfies gql.PersonMatchConnectionResolvers;

export const PersonMatch = {
  person: ({ id }) => personOf(id),
} satisfies gql.PersonMatchResolvers;
