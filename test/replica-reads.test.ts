import { describe, expect, test } from "vitest";
import { type ReplicaStage, startReplicas } from "./replica-stage.ts";
import { send } from "./sends.ts";
import { POSTGRES, TEST_POSTGRES_URL } from "./stores.ts";
import { forward } from "./subscribers.ts";
import { ask } from "./support.ts";

const ROUNDS = 6;

/** A write at one replica, and what a read at another must then show. */
interface Pair {
  readonly what: string;
  write(url: string, round: Round): Promise<unknown>;
  readonly read: string;
  /** A part of the JSON that `read` is answered with. */
  expected(round: Round): string;
}

/** Nobody's number before, and a record of each kind. */
interface Round {
  readonly number: string;
  readonly name: string;
  readonly participant: string;
  readonly group: string;
}

const write = (document: string) => async (url: string, round: Round) => {
  const { data, errors } = await ask(url, document, round);
  const [payload] = Object.values<{ readonly userErrors: readonly unknown[] }>(data ?? {});
  expect({ errors, userErrors: payload?.userErrors }).toEqual({ errors: undefined, userErrors: [] });
};

const PAIRS: readonly Pair[] = [
  {
    what: "a text that went out",
    write: (url, { number, name }) => send(url, name, { recipient: { phoneNumber: number } }),
    read: `query ($number: PhoneNumber!) {
      person(phoneNumber: $number) { conversation { latestMessage { ... on OutgoingMessage { text state } } } }
    }`,
    expected: ({ name }) => `"text":"Text of ${name}","state":"ACCEPTED"`,
  },
  {
    what: "a text that came in",
    write: (url, { number, name }) => forward(url, `in ${name}`, { from: number }),
    read: `query ($number: PhoneNumber!) {
      conversations(first: 1) { nodes { phoneNumber unreadCount } }
      receivedMessages(first: 1, filter: { from: $number }) { nodes { text } }
    }`,
    expected: ({ number, name }) =>
      `{"conversations":{"nodes":[{"phoneNumber":"${number}","unreadCount":1}]},"receivedMessages":{"nodes":[{"text":"in ${name}"}]}}`,
  },
  {
    what: "what was read",
    write: write(
      "mutation ($number: PhoneNumber!) { markRead(input: { phoneNumber: $number }) { userErrors { code } } }",
    ),
    read: "query ($number: PhoneNumber!) { person(phoneNumber: $number) { conversation { unreadCount } } }",
    expected: () => `"unreadCount":0`,
  },
  {
    what: "an opt-out",
    write: write(`mutation ($number: PhoneNumber!) {
      setOptOut(input: { phoneNumber: $number, isOptedOut: true, reason: "asked" }) { userErrors { code } }
    }`),
    read: "query ($number: PhoneNumber!) { person(phoneNumber: $number) { optedOutAt } }",
    expected: () => `"optedOutAt":"20`,
  },
  {
    what: "a contact",
    write: write(`mutation ($number: PhoneNumber!, $name: String!) {
      createContact(input: { phoneNumber: $number, firstName: $name }) { userErrors { code } }
    }`),
    read: `query ($number: PhoneNumber!, $name: String!) {
      person(phoneNumber: $number) { contact { firstName } }
      searchPeople(search: $name, first: 1) { nodes { person { phoneNumber } } }
    }`,
    expected: ({ number, name }) =>
      `{"person":{"contact":{"firstName":"${name}"}},"searchPeople":{"nodes":[{"person":{"phoneNumber":"${number}"}}]}}`,
  },
  {
    what: "a participant",
    write: write(`mutation ($participant: ID!, $name: String!) {
      updateParticipant(input: { id: $participant, name: $name }) { userErrors { code } }
    }`),
    read: "query ($participant: ID!) { participant(id: $participant) { name } }",
    expected: ({ name }) => `"name":"${name}"`,
  },
  {
    what: "a membership",
    write: write(`mutation ($participant: ID!, $group: ID!) {
      addParticipantToGroup(input: { participantId: $participant, groupId: $group }) { userErrors { code } }
    }`),
    read: "query ($participant: ID!) { participant(id: $participant) { groups { id } } }",
    expected: ({ group }) => `"id":"${group}"`,
  },
];

function roundOf({ simulator: { world } }: ReplicaStage, at: number): Round {
  const [participants, groups] = [[...world.participants.keys()], [...world.textizenGroups.keys()]];
  return {
    number: `+1415555${1000 + at}`,
    name: `Zed${String.fromCharCode(97 + at)}`,
    participant: `participant:${participants[at % participants.length]}`,
    group: `group:${groups[at % groups.length]}`,
  };
}

describe.skipIf(!POSTGRES.isHere)("three replicas on PostgreSQL that keep what they read (TEST_POSTGRES_URL)", () => {
  test("show at each replica what was written at another, of every kind", { timeout: 60_000 }, async () => {
    const kept = { NODE_ENV: "production", SNAPSHOT_SECONDS: "3600", DETAIL_SECONDS: "3600" };
    await using stage = await startReplicas({ database: TEST_POSTGRES_URL, env: kept });
    const urls = stage.replicas.map(({ url }) => url);
    const at = (turn: number) => urls[turn % urls.length] ?? "";
    const stale: string[] = [];
    for (let turn = 0; turn < ROUNDS; turn += 1) {
      const round = roundOf(stage, turn);
      for (const { what, write: change, read, expected } of PAIRS) {
        // Both others have kept what was there before.
        await Promise.all([1, 2].map((other) => ask(at(turn + other), read, round)));
        await change(at(turn), round);
        for (const other of [1, 2]) {
          const { data, errors } = await ask(at(turn + other), read, round);
          if (errors !== undefined || !JSON.stringify(data).includes(expected(round))) {
            stale.push(`${what}: ${JSON.stringify(errors ?? data)}`);
          }
        }
      }
    }
    expect(stale).toEqual([]);
  });
});
