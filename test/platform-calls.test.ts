import { expect, test, vi } from "vitest";
import { createPidj } from "../src/simulator/pidj.ts";
import { defaultShapes } from "../src/simulator/shapes.ts";
import { createTextizen } from "../src/simulator/textizen.ts";
import type { World } from "../src/simulator/world.ts";
import { one } from "./simulator-client.ts";
import { type Stage, startStage } from "./support.ts";

/** A query that makes a call, with the id that it asks for. */
interface Reach {
  readonly query: string;
  readonly id?: (world: World) => string;
  /** What else it costs. */
  readonly also?: readonly string[];
}

const poll = ({ polls }: World) => `poll:${one(polls).id}`;
const participant = ({ participants }: World) => `participant:${one(participants).id}`;
const campaign = ({ campaigns }: World) => `campaign:${one(campaigns).id}`;

/** Every reading call of both documents, in their order, and the query that makes it. */
const reads: Readonly<Record<string, Reach>> = {
  "PIDJ GET /user/{id}": {
    query: "query ($id: ID!) { found: pidjUser(id: $id) { username } }",
    id: ({ pidjUsers }) => one(pidjUsers).id,
  },
  "PIDJ GET /contact/{id}": {
    query: "query ($id: ID!) { found: contact(id: $id) { firstName } }",
    id: ({ contacts }) => one(contacts).id,
  },
  "PIDJ GET /groups": { query: "{ found: pidjGroups { nodes { name } } }" },
  "PIDJ GET /series": { query: "{ found: seriesList { nodes { name } } }" },
  "PIDJ GET /surveys": { query: "{ found: surveys { nodes { name } } }" },
  "PIDJ GET /authorization-check": { query: "{ found: platformStatus(platform: PIDJ) { isAuthorized } }" },
  "TEXTIZEN GET /api/groups": { query: "{ found: textizenGroups { nodes { name } } }" },
  "TEXTIZEN GET /api/groups/{id}": {
    query: "query ($id: ID!) { found: node(id: $id) { ... on TextizenGroup { participants { totalCount } } } }",
    id: ({ textizenGroups }) => `group:${one(textizenGroups).id}`,
    also: ["TEXTIZEN GET /api/groups"],
  },
  "TEXTIZEN GET /api/campaigns": { query: "{ found: campaigns { nodes { title } } }" },
  "TEXTIZEN GET /api/campaigns/{id}": {
    query: "query ($id: ID!) { found: campaign(id: $id) { description } }",
    id: campaign,
  },
  "TEXTIZEN GET /api/participants": { query: "{ found: participants { nodes { name } } }" },
  "TEXTIZEN GET /api/participants/{id}": {
    query: "query ($id: ID!) { found: participant(id: $id) { isSubscribed } }",
    id: participant,
  },
  "TEXTIZEN GET /api/participants/{id}/tokens": {
    query: `query ($id: ID!) { found: participant(id: $id) { tokens(campaignId: "campaign:11") { key } } }`,
    id: participant,
    also: ["TEXTIZEN GET /api/participants/{id}"],
  },
  "TEXTIZEN GET /api/polls": { query: "{ found: polls { nodes { title } } }" },
  "TEXTIZEN GET /api/polls/{id}": {
    query: "query ($id: ID!) { found: poll(id: $id) { questions { text } responses { totalCount } } }",
    id: poll,
  },
  "TEXTIZEN GET /api/polls/{id}/mailings": {
    query: "query ($id: ID!) { found: poll(id: $id) { mailings { sendAt } } }",
    id: poll,
    also: ["TEXTIZEN GET /api/polls/{id}"],
  },
  "TEXTIZEN GET /api/mailings/{id}": {
    query: "query ($id: ID!) { found: mailing(id: $id) { sendAt } }",
    id: ({ mailings }) => `mailing:${one(mailings).id}`,
  },
  "TEXTIZEN GET /api/responses/{id}": {
    query: "query ($id: ID!) { found: pollResponse(id: $id) { text } }",
    id: ({ responses }) => `response:${one(responses).id}`,
  },
  "TEXTIZEN GET /api/user": {
    query: "{ found: platformStatus(platform: TEXTIZEN) { textizenUser { emailAddress } } }",
  },
};

/** Not documented, and not there for every account (docs/platforms.md P-6). */
const optional = "PIDJ GET /contacts";

const sizes = { people: 6, polls: 1, responsesPerPoll: 12 };

async function expectReached(stage: Stage, call: string, { query, id, also = [] }: Reach): Promise<void> {
  const { data, errors } = await stage.query(query, id && { id: id(stage.simulator.world) });
  expect(errors).toBeUndefined();
  expect(data.found).toEqual(expect.anything());
  expect(stage.calls().sort()).toEqual([call, ...also].sort());
}

test("the table holds every reading call that the simulated platforms answer, and they answer every one that it holds", async () => {
  await using stage = await startStage({ simulator: sizes });
  const backend = { world: stage.simulator.world, shapes: defaultShapes(), ledger: [], now: () => new Date() };
  const services = [
    createPidj(backend, { accountKey: "", token: "", contactsList: true }),
    createTextizen(backend, { email: "", password: "" }),
  ];
  const served = services.flatMap(({ platform, templates }) => templates.map((template) => `${platform} ${template}`));
  expect([...Object.keys(reads), optional].sort()).toEqual(served.filter((call) => call.includes(" GET ")).sort());
});

test("every reading call of both platforms is made by its query, and by nothing dearer", async () => {
  await using stage = await startStage({ simulator: sizes, env: { SNAPSHOT_SECONDS: "0" } });
  for (const [call, reach] of Object.entries(reads)) {
    await expectReached(stage, call, reach);
  }
});

test("the contact list is read where the account has it", async () => {
  await using stage = await startStage({
    simulator: { ...sizes, contactsList: true },
    env: { SNAPSHOT_SECONDS: "0", PIDJ_CONTACTS_LIST: "on" },
  });
  const listed = stage.simulator.world.contacts.size;
  await vi.waitFor(async () => expect(await stage.app.services.directory.count()).toBe(listed));
  stage.calls();
  await expectReached(stage, optional, { query: "{ found: contacts { nodes { firstName } } }" });
});
