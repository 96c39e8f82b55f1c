import { graphql } from "relay-runtime";

// relay-compiler reads this file, and nothing runs it: the program imports what was made of it.

graphql`
  query operationsPersonQuery($phoneNumber: PhoneNumber!) {
    person(phoneNumber: $phoneNumber) {
      id
      displayName
    }
  }
`;

graphql`
  query operationsParticipantsQuery($first: Int, $after: String) {
    participants(first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          id
          name
        }
      }
    }
  }
`;

graphql`
  query operationsLinesQuery {
    pidjGroups(first: 50) {
      nodes {
        id
        phoneNumber
      }
    }
  }
`;

graphql`
  mutation operationsSendMutation($input: SendMessageInput!) {
    sendMessage(input: $input) {
      message {
        to {
          displayName
        }
      }
      userErrors {
        code
      }
    }
  }
`;
