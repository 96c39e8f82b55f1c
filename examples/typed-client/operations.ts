import { graphql } from "./generated/gql.ts";

/** Whether both platforms answer. Costs a call of each. */
export const PLATFORM_STATUS = graphql(`
  query PlatformStatus {
    platformStatus {
      platform
      isAuthorized
      message
    }
  }
`);

/** One page of participants, and whether each has a contact. One list call for all pages; `contactLink` costs none. */
export const PARTICIPANTS_PAGE = graphql(`
  query ParticipantsPage($first: Int!, $after: String) {
    participants(first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        name
        person {
          phoneNumber
          contactLink {
            state
          }
        }
      }
    }
  }
`);

/** One person, both platforms. */
export const PERSON_PAGE = graphql(`
  query PersonPage($phoneNumber: PhoneNumber!) {
    person(phoneNumber: $phoneNumber) {
      displayName
      contactLink {
        state
        source
      }
      contact {
        id
        emailAddress
        tags
      }
      participant {
        id
        groups {
          name
          counterpart {
            id
          }
        }
      }
    }
  }
`);

/** An id of nothing gives null; an id of another type is refused. */
export const TWO_POLLS = graphql(`
  query TwoPolls($unknown: ID!, $wrong: ID!) {
    unknown: poll(id: $unknown) {
      title
    }
    wrong: poll(id: $wrong) {
      title
    }
  }
`);
