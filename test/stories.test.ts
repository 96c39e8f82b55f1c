import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Kind, parse, print } from "graphql";
import fetch from "node-fetch";
import { expect, onTestFinished, test } from "vitest";
import { readConfig } from "../src/config.ts";
import { FIRST_QUERY } from "../src/server/landing-page.ts";
import { startSimulated } from "../src/simulated.ts";
import type { Participant } from "../src/simulator/world.ts";
import { one } from "./simulator-client.ts";
import { ask, contactOf, nameOfContact, type Stage, startStage } from "./support.ts";

const file = parse(readFileSync(join(import.meta.dirname, "../examples/stories.graphql"), "utf8"));
/** The file's operations by name, in its order. */
const stories = new Map(
  file.definitions.map((definition) => [
    definition.kind === Kind.OPERATION_DEFINITION ? definition.name?.value : "",
    print(definition),
  ]),
);

function story(name: string): string {
  return stories.get(name) ?? expect.fail(`examples/stories.graphql has no ${name}`);
}

/** A small world, its contacts learned, and no list kept yet. */
async function openStage(env: Record<string, string> = {}): Promise<Stage> {
  const stage = await startStage({ simulator: { people: 120, polls: 3, responsesPerPoll: 90 }, env });
  onTestFinished(() => stage[Symbol.asyncDispose]());
  await stage.learnContacts();
  return stage;
}

function fold(name: string): string {
  return name.trim().toLowerCase();
}

/** The one row of the same name, null where there is none or several. */
function namesake<Row extends { readonly name: string }>(rows: Iterable<Row>, name: string): Row | null {
  const same = [...rows].filter((row) => fold(row.name) === fold(name));
  return same.length === 1 ? (same[0] ?? null) : null;
}

/** A number as Textizen shows it. */
function shownNumber({ phone_number, is_masked }: Participant): string {
  return is_masked ? `*******${phone_number.slice(-4)}` : phone_number;
}

function orNull(text: string | null): string | null {
  return text === "" ? null : text;
}

test("the stories are these, and the first of them is what Sandbox opens with", () => {
  expect([...stories.keys()]).toEqual([
    "PersonPage",
    "Lines",
    "SearchPeople",
    "ParticipantsTable",
    "PollDashboard",
    "Conversations",
    "Anything",
  ]);
  expect(print(parse(FIRST_QUERY)).trim()).toBe(story("PersonPage"));
});

test("whoever opens the server in a browser is greeted by a query that shows every link", async () => {
  const app = await startSimulated(readConfig({ PORT: "0", LOG_LEVEL: "silent" }));
  onTestFinished(() => app.close());
  const page = await fetch(new URL("/", app.url), { headers: { accept: "text/html" } });
  const greeting = /embeddedSandboxConfig = (\{.*\});/.exec(await page.text())?.[1] ?? "{}";
  const { document, variables } = JSON.parse(greeting).initialState;
  expect(print(parse(document))).toBe(story("PersonPage"));
  const { data, errors } = await ask(app.url, document, variables);
  expect(errors).toBeUndefined();
  expect(data.person).toMatchObject({
    displayName: expect.any(String),
    contactLink: { state: "LINKED", source: "IMPORTED" },
    contact: { id: expect.stringMatching(/^co:/) },
    participant: {
      groups: expect.arrayContaining([
        {
          id: expect.anything(),
          name: expect.anything(),
          counterpart: expect.objectContaining({ id: expect.stringMatching(/^gr:/) }),
        },
      ]),
    },
  });
});

test("PersonPage shows both platforms' records of one person, for four calls, and for two while the lists are kept", async () => {
  const stage = await openStage();
  const { world } = stage.simulator;
  const participant = one(world.participants, (row) => contactOf(world, row) !== null && row.group_ids.length > 1);
  const contact = contactOf(world, participant);
  const variables = { phoneNumber: contact?.phone_number };

  const { data, errors } = await stage.query(story("PersonPage"), variables);
  expect(errors).toBeUndefined();
  expect(data.person).toEqual({
    displayName: contact && nameOfContact(contact),
    contactLink: { state: "LINKED", source: "IMPORTED" },
    contact: {
      id: contact?.id,
      firstName: contact?.first_name,
      lastName: orNull(contact?.last_name ?? null),
      emailAddress: orNull(contact?.email_address ?? null),
      tags: contact?.tags,
      externalId: orNull(contact?.external_id ?? null),
    },
    participant: {
      id: `participant:${participant.id}`,
      name: participant.name,
      isSubscribed: participant.subscribed,
      groups: participant.group_ids.map((id) => {
        const name = world.textizenGroups.get(id)?.name ?? "";
        const counterpart = namesake(
          [...world.pidjGroups.values()].filter((group) => group.is_active),
          name,
        );
        return {
          id: `group:${id}`,
          name,
          counterpart: counterpart && {
            id: counterpart.id,
            name: counterpart.name,
            phoneNumber: counterpart.phone_number,
          },
        };
      }),
    },
  });
  const reads = ["PIDJ GET /contact/{id}", "TEXTIZEN GET /api/participants/{id}"];
  expect(stage.calls().sort()).toEqual([...reads, "PIDJ GET /groups", "TEXTIZEN GET /api/participants"].sort());
  expect((await stage.query(story("PersonPage"), variables)).data).toEqual(data);
  expect(stage.calls().sort()).toEqual(reads);
});

test.each([1, 40])(
  "Lines shows %i groups with their series and counterparts for three list calls",
  async (pidjGroups) => {
    await using stage = await startStage({ simulator: { people: 0, polls: 0, pidjGroups } });
    const { world } = stage.simulator;
    const { data, errors } = await stage.query(story("Lines"));
    expect(errors).toBeUndefined();
    const active = [...world.pidjGroups.values()].filter((group) => group.is_active);
    const inOrder = active.sort((a, b) => (fold(a.name) < fold(b.name) ? -1 : 1));
    expect(data.pidjGroups).toEqual({
      totalCount: pidjGroups,
      nodes: inOrder.map(({ id, name, phone_number, color }) => {
        const counterpart = namesake(world.textizenGroups.values(), name);
        return {
          id,
          name,
          phoneNumber: phone_number,
          color,
          series: [...world.series.values()]
            .filter((series) => series.group_ids.includes(id))
            .map((series) => ({ id: series.id, name: series.name })),
          counterpart: counterpart && { id: `group:${counterpart.id}`, name: counterpart.name },
        };
      }),
    });
    expect(stage.calls().sort()).toEqual(["PIDJ GET /groups", "PIDJ GET /series", "TEXTIZEN GET /api/groups"]);
    await stage.query(story("Lines"));
    expect(stage.calls()).toEqual([]);
  },
);

test("ParticipantsTable walks all participants by name for one list call, and a contact read for each link on a page", async () => {
  const stage = await openStage();
  const { world } = stage.simulator;
  const shown: { id: string; name: string | null; contact: { id: string } | null }[] = [];
  let after: string | null = null;
  do {
    const { data, errors } = await stage.query(story("ParticipantsTable"), { after });
    expect(errors).toBeUndefined();
    const { nodes, pageInfo, totalCount } = data.participants;
    expect(totalCount).toBe(world.participants.size);
    const links = nodes.filter(({ contact }: { contact: unknown }) => contact !== null);
    expect(links.length).toBeGreaterThan(0);
    expect(stage.calls().sort()).toEqual([
      ...links.map(() => "PIDJ GET /contact/{id}"),
      ...(after === null ? ["TEXTIZEN GET /api/participants"] : []),
    ]);
    shown.push(...nodes);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);

  const names = shown.map(({ name }) => (name === null ? "\uffff" : fold(name)));
  expect(names).toEqual([...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  const expected = [...world.participants.values()].map((participant) => {
    const contact = contactOf(world, participant);
    const { id, name } = participant;
    return {
      id: `participant:${id}`,
      name,
      displayPhoneNumber: shownNumber(participant),
      contact: contact && { id: contact.id, displayName: orNull(contact.display_name), tags: contact.tags },
    };
  });
  expect(shown).toHaveLength(expected.length);
  expect(shown).toEqual(expect.arrayContaining(expected));
});

test("ParticipantsTable finds people by a part of their name", async () => {
  const stage = await openStage();
  const { world } = stage.simulator;
  const part = one(world.participants).name?.slice(1, 4).toUpperCase() ?? "";
  const { data } = await stage.query(story("ParticipantsTable"), { first: 100, name: part });
  const found = [...world.participants.values()].filter(({ name }) => name?.toUpperCase().includes(part));
  expect(data.participants.totalCount).toBe(found.length);
  expect(data.participants.nodes.map(({ id }: { id: string }) => id).sort()).toEqual(
    found.map(({ id }) => `participant:${id}`).sort(),
  );
});

test("PollDashboard shows a poll for its detail, its mailings and two lists, and a contact read for each who has one", async () => {
  const stage = await openStage();
  const { world } = stage.simulator;
  const poll = one(world.polls);
  const { data, errors } = await stage.query(story("PollDashboard"), { id: `poll:${poll.id}` });
  expect(errors).toBeUndefined();
  const { title, active, language } = poll;
  expect(data.poll).toMatchObject({ title, isActive: active, language });

  const responses = [...world.responses.values()].filter(({ poll_id }) => poll_id === poll.id);
  const questions = poll.questions.flatMap((question) => [
    question,
    ...question.options.flatMap(({ followups }) => followups),
  ]);
  expect(data.poll.results).toMatchObject({
    respondentCount: new Set(responses.map(({ participant_id }) => participant_id)).size,
    lastResponseAt: responses.at(-1)?.created_at,
    questions: questions.map(({ id, text }) => ({ question: { id: `question:${poll.id}.${id}`, text } })),
  });
  const first = responses.slice(0, 20).map((response) => {
    const participant = one(world.participants, ({ id }) => id === response.participant_id);
    return { response, participant, contact: contactOf(world, participant) };
  });
  expect(data.poll.responses.nodes).toEqual(
    first.map(({ response, participant, contact }) => {
      const question = questions.find(({ id }) => id === response.question_id);
      return {
        text: response.response,
        createdAt: response.created_at,
        displayFrom: shownNumber(participant),
        from: participant.is_masked ? null : { displayName: contact ? nameOfContact(contact) : participant.name },
        question: { text: question?.text },
        matchedOptions: question?.options.filter(({ id }) => id === response.option_id).map(({ text }) => ({ text })),
      };
    }),
  );
  expect(data.poll.mailings).toEqual(
    [...world.mailings.values()]
      .filter(({ poll_id }) => poll_id === poll.id)
      .map(({ id, send_at, phone_numbers_list, group_ids }) => ({
        id: `mailing:${id}`,
        sendAt: send_at,
        recipientCount: phone_numbers_list?.split(",").length ?? null,
        groups: group_ids.map((group) => ({ name: world.textizenGroups.get(group)?.name })),
      })),
  );
  const contacts = new Set(first.flatMap(({ contact }) => contact?.id ?? []));
  expect(contacts.size).toBeGreaterThan(0);
  expect(stage.calls().sort()).toEqual([
    ...[...contacts].map(() => "PIDJ GET /contact/{id}"),
    "TEXTIZEN GET /api/groups",
    "TEXTIZEN GET /api/participants",
    "TEXTIZEN GET /api/polls/{id}",
    "TEXTIZEN GET /api/polls/{id}/mailings",
  ]);
});

test("Anything finds each kind of thing by its id for one call", async () => {
  const stage = await openStage({ SNAPSHOT_SECONDS: "0" });
  const { world } = stage.simulator;
  const [contact, participant, poll] = [one(world.contacts), one(world.participants), one(world.polls)];
  const [line, group, series] = [one(world.pidjGroups), one(world.textizenGroups), one(world.series)];
  const displayName = orNull(contact.display_name);
  const cases: [node: Record<string, unknown>, call: string][] = [
    [{ __typename: "Contact", id: contact.id, displayName }, "PIDJ GET /contact/{id}"],
    [
      { __typename: "Participant", id: `participant:${participant.id}`, name: participant.name },
      "TEXTIZEN GET /api/participants/{id}",
    ],
    [{ __typename: "PidjGroup", id: line.id, name: line.name, platform: "PIDJ" }, "PIDJ GET /groups"],
    [
      { __typename: "TextizenGroup", id: `group:${group.id}`, name: group.name, platform: "TEXTIZEN" },
      "TEXTIZEN GET /api/groups",
    ],
    [{ __typename: "Poll", id: `poll:${poll.id}`, title: poll.title }, "TEXTIZEN GET /api/polls/{id}"],
    [{ __typename: "Series", id: series.id, name: series.name }, "PIDJ GET /series"],
    [{ __typename: "Survey", id: one(world.surveys).id }, "PIDJ GET /surveys"],
    [{ __typename: "PidjUser", id: one(world.pidjUsers).id }, "PIDJ GET /user/{id}"],
    [{ __typename: "Campaign", id: `campaign:${one(world.campaigns).id}` }, "TEXTIZEN GET /api/campaigns/{id}"],
    [{ __typename: "Mailing", id: `mailing:${one(world.mailings).id}` }, "TEXTIZEN GET /api/mailings/{id}"],
    [{ __typename: "PollResponse", id: `response:${one(world.responses).id}` }, "TEXTIZEN GET /api/responses/{id}"],
  ];
  for (const [node, call] of cases) {
    expect(await stage.query(story("Anything"), { id: node["id"] })).toMatchObject({ data: { node } });
    expect(stage.calls()).toEqual([call]);
  }
});
