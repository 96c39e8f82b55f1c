import { isDeepStrictEqual } from "node:util";
import { campaign, contact, contactId, PEOPLE, participant } from "./world.ts";

/** One operation as every server gets it, each in its own spelling (servers.ts), and the data that it has to give. */
export interface Operation {
  readonly name: "person" | "list";
  readonly variables: Readonly<Record<string, string>>;
  readonly expected: object;
}

const PAGE = 20;

/** One person seen from both platforms: three platform calls, two of them one after the other. */
export function person(n: number): Operation {
  return {
    name: "person",
    variables: { contact: contactId(n), participant: String(n) },
    expected: {
      contact: {
        firstName: contact(n).first_name,
        lastName: contact(n).last_name,
        emailAddress: contact(n).email_address,
        displayPhoneNumber: contact(n).phone_number,
      },
      participant: {
        id: String(n),
        name: participant(n).name,
        displayPhoneNumber: participant(n).phone_number,
        campaign: { id: String(n), title: campaign(n).title, description: campaign(n).description },
      },
    },
  };
}

/** As many persons as there are, so that no two operations in a row make the same platform calls. */
export const people: readonly Operation[] = Array.from({ length: PEOPLE }, (_, index) => person(index + 1));

/** The first page of the participants: one platform call, which gives them all. */
export const firstPage: Operation = {
  name: "list",
  variables: {},
  expected: {
    participants: {
      nodes: Array.from({ length: PAGE }, (_, index) => {
        const { id, name, phone_number } = participant(index + 1);
        return { id: String(id), name, displayPhoneNumber: phone_number };
      }),
    },
  },
};

/**
 * Whether an answer holds exactly the expected data. Ids count as text and without a word in front, because servers
 * write them differently; `unwrap` brings a server's own shape into the common one.
 */
export function isExpected(operation: Operation, body: Buffer, unwrap: (data: unknown) => unknown): boolean {
  const answer = parse(body);
  if (typeof answer !== "object" || answer === null || "errors" in answer || !("data" in answer)) {
    return false;
  }
  return isDeepStrictEqual(unwrap(answer.data), operation.expected);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString(), (key, value: unknown) =>
      key === "id" ? String(value).replace(/^(participant|campaign):/, "") : value,
    );
  } catch {
    return null;
  }
}
