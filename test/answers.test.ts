import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { defaultShapes, SHAPES, type Shapes } from "../src/simulator/shapes.ts";
import { type Answer, type Stage, startStage } from "./support.ts";

// Neither platform says how it answers in every case; the graph gives the same data for each shape that is known.

const FRESH = { "cache-control": "no-cache" };
const EVERYTHING = `query ($participant: ID!, $tokenHolder: ID!, $group: ID!, $poll: ID!, $mailing: ID!, $contact: ID!) {
  participants(first: 100) {
    totalCount
    nodes { id name phoneNumber displayPhoneNumber isSubscribed createdAt campaign { id title } }
  }
  participant(id: $participant) { id name groups { id name createdAt } }
  tokenHolder: participant(id: $tokenHolder) { id tokens(campaignId: "campaign:11") { key value } }
  textizenGroups { nodes { id name createdAt counterpart { id name } } }
  group(id: $group) { id ... on TextizenGroup { participants(first: 100) { totalCount nodes { id name phoneNumber } } } }
  campaigns { nodes { id title description infoMessage webhookUrl exchange organizationId createdAt polls { id } } }
  polls { nodes { id title language isActive isPublic type confirmation errorMessage phoneNumber displayPhoneNumber
    createdAt startsAt endsAt campaign { id } } }
  poll(id: $poll) {
    questions { ...Question options { ...Option followUps { ...Question options { ...Option } } } }
    responses(first: 100) {
      totalCount
      nodes { id text displayFrom from { phoneNumber } createdAt participant { id } question { id text } poll { id } }
    }
    mailings { id sendAt recipientCount recipients { phoneNumber } groups { id name } createdAt poll { id } }
  }
  mailing(id: $mailing) { id sendAt recipientCount groups { id } createdAt poll { id title } }
  pidjGroups { nodes { id name phoneNumber displayPhoneNumber color series { id name } } }
  contact(id: $contact) { firstName lastName businessName displayName emailAddress tags externalId faxNumber }
  nobody: contact(id: "co:nobody") { id }
  platformStatus { platform isAuthorized message textizenUser { id emailAddress name organizationId } }
}
fragment Question on PollQuestion { id text type rawType sequence }
fragment Option on PollOption { id text value }`;

const RESPONSE = `query ($response: ID!) {
  pollResponse(id: $response) { id text displayFrom createdAt participant { id } poll { id title } }
}`;
const MATCHES = `query ($poll: ID!) {
  poll(id: $poll) {
    responses(first: 100) { nodes { text matchedOptions { id text } } }
    results { respondentCount replyCount firstResponseAt lastResponseAt
      questions { respondentCount unmatchedCount question { id } options { count share option { id } } } }
  }
}`;

let stage: Stage;
let variables: Record<string, string>;

beforeAll(async () => {
  stage = await startStage({ simulator: { people: 45, polls: 3, responsesPerPoll: 40 } });
  const { participants, contacts, mailings, responses, textizenGroups, polls } = stage.simulator.world;
  const people = [...participants.values()];
  const [response] = responses.keys();
  variables = {
    participant: `participant:${people.find(({ group_ids }) => group_ids.length > 1)?.id}`,
    tokenHolder: `participant:${people.find(({ tokens }) => Object.keys(tokens).length > 0)?.id}`,
    group: `group:${[...textizenGroups.keys()][0]}`,
    poll: `poll:${[...polls.keys()][0]}`,
    mailing: `mailing:${[...mailings.keys()][1]}`,
    contact: [...contacts.keys()][0] ?? "",
    response: `response:${response}`,
  };
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  Object.assign(stage.simulator.shapes, defaultShapes());
});

/** The answer to a document where the platforms answer in these shapes, from the sign-in on. */
async function askIn(shapes: Partial<Shapes>, document: string): Promise<Answer["data"]> {
  Object.assign(stage.simulator.shapes, defaultShapes(), shapes);
  stage.simulator.expireSessions();
  const { data, errors, extensions } = await stage.query(document, variables, FRESH);
  expect(errors).toBeUndefined();
  expect(extensions.platforms.every(({ skippedRows }: { skippedRows: number }) => skippedRows === 0)).toBe(true);
  return data;
}

test("the documents ask for something of everything", async () => {
  const { data } = { data: await askIn({}, EVERYTHING) };
  expect(data.participants.totalCount).toBe(stage.simulator.world.participants.size);
  expect(data.participant.groups.length).toBeGreaterThan(1);
  expect(data.tokenHolder.tokens).toEqual([{ key: "VOTING-DATE", value: "2026-11-03" }]);
  expect(data.group.participants.totalCount).toBeGreaterThan(0);
  expect(data.poll.questions[0].options[0].followUps[0].options.length).toBeGreaterThan(0);
  expect(data.poll.responses.totalCount).toBe(40);
  expect(data.poll.mailings).toHaveLength(3);
  expect(data.nobody).toBeNull();
  expect(data.platformStatus).toMatchObject([
    { isAuthorized: true },
    { isAuthorized: true, textizenUser: { id: "user:7" } },
  ]);
});

const matrix = Object.entries(SHAPES).flatMap(([name, values]) =>
  values.slice(1).map((value) => [name, value] as const),
);

describe.each(matrix)("%s: %s", (name, value) => {
  const shapes: Partial<Shapes> = { [name]: value };

  test("everything is answered as in the default shapes", async () => {
    const expected = await askIn({}, EVERYTHING);
    const answer = await askIn(shapes, EVERYTHING);
    if (name === "responseIds") {
      for (const response of [...expected.poll.responses.nodes, ...answer.poll.responses.nodes]) {
        delete response.id; // Of their own or by their place: the next test's matter.
      }
      const inOrder = (data: typeof answer) =>
        data.poll.responses.nodes.map((node: object) => JSON.stringify(node)).sort();
      expect(inOrder(answer)).toEqual(inOrder(expected));
      answer.poll.responses = expected.poll.responses;
    }
    expect(answer).toEqual(expected);
  });

  test("a response by its id, and what was matched, likewise", async () => {
    expect(await askIn(shapes, RESPONSE)).toEqual(await askIn({}, RESPONSE));
    const expected = await askIn({}, MATCHES);
    const answer = await askIn(shapes, MATCHES);
    if (name === "match" && value === "missing") {
      // Then nobody knows: the people are counted all the same.
      expect(
        answer.poll.responses.nodes.every((node: { matchedOptions: object[] }) => node.matchedOptions.length === 0),
      ).toBe(true);
      expect(answer.poll.results).toMatchObject({
        respondentCount: expected.poll.results.respondentCount,
        replyCount: 40,
      });
    } else if (name === "responseIds") {
      expect(answer.poll.results).toEqual(expected.poll.results);
    } else {
      expect(answer).toEqual(expected);
    }
  });
});

test("a response without an id of its own has one by its place, and is found again by it", async () => {
  const shapes = { responseIds: "missing" } as const;
  const { poll } = await askIn(shapes, EVERYTHING);
  const ids: string[] = poll.responses.nodes.map(({ id }: { id: string }) => id);
  expect(new Set(ids).size).toBe(40);
  for (const at of [0, 20, 39]) {
    const { text, createdAt } = poll.responses.nodes[at];
    const again = await askIn(shapes, `{ pollResponse(id: "${ids[at]}") { id text createdAt poll { id } } }`);
    expect(again.pollResponse).toEqual({ id: ids[at], text, createdAt, poll: { id: variables["poll"] } });
  }
});

test("all of the other shapes at once are read as well", async () => {
  const last = Object.fromEntries(Object.entries(SHAPES).map(([name, values]) => [name, values.at(-1)]));
  const shapes = { ...(last as Partial<Shapes>), responseIds: "present", match: "matching_option_id" } as const;
  expect(await askIn(shapes, EVERYTHING)).toEqual(await askIn({}, EVERYTHING));
  expect(await askIn(shapes, MATCHES)).toEqual(await askIn({}, MATCHES));
});
