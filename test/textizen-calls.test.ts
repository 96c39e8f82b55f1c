import { expect, test } from "vitest";
import { makeId } from "../src/ids.ts";
import type { E164 } from "../src/phone.ts";
import type { ReadScope, WriteScope } from "../src/rest/calls.ts";
import type { TextizenClient } from "../src/textizen/client.ts";
import type { TextizenOptions } from "../src/textizen/wire.ts";
import { serve } from "./textizen-upstream.ts";
import { createScope, createWriteScope, sendJson } from "./upstream.ts";

const GROUP = makeId("TextizenGroup", "72");
const CAMPAIGN = makeId("Campaign", "1");
const PARTICIPANT = makeId("Participant", "58");
const POLL = makeId("Poll", "3");
const MAILING = makeId("Mailing", "2");
const NUMBER = "+14155551212" as E164;
const SEND_AT = new Date("2017-03-14T15:26:53.895-04:00");

type Make = (client: TextizenClient, scope: ReadScope, writeScope: WriteScope) => Promise<unknown>;

interface DocumentedCall {
  readonly call: string;
  readonly path: string;
  /** Besides the token. */
  readonly body?: object;
  readonly answer?: unknown;
  readonly options?: Partial<TextizenOptions>;
  readonly make: Make;
}

// Paths and bodies as the document prints them, integers and booleans by its tables rather than its examples (T-8).
const documented: readonly DocumentedCall[] = [
  { call: "GET /api/groups", path: "/api/groups", answer: [], make: (client, scope) => client.groups(scope) },
  {
    call: "GET /api/groups/{id}",
    path: "/api/groups/72",
    answer: { id: 72 },
    make: (client, scope) => client.group(GROUP, scope),
  },
  {
    call: "POST /api/groups",
    path: "/api/groups",
    body: { group: { name: "my group name" } },
    make: (client, _, scope) => client.createGroup({ name: "my group name" }, scope),
  },
  {
    call: "PUT /api/groups/{id}",
    path: "/api/groups/72",
    body: { group: { name: "my updated group name" } },
    make: (client, _, scope) => client.updateGroup(GROUP, { name: "my updated group name" }, scope),
  },
  { call: "GET /api/campaigns", path: "/api/campaigns", answer: [], make: (client, scope) => client.campaigns(scope) },
  {
    call: "GET /api/campaigns/{id}",
    path: "/api/campaigns/1",
    answer: { id: 1 },
    make: (client, scope) => client.campaign(CAMPAIGN, scope),
  },
  {
    call: "POST /api/campaigns",
    path: "/api/campaigns",
    body: {
      campaign: {
        title: "Our new campaign",
        description: "A new campaign",
        info_message: "Hello! Reply QUIT to unsubscribe.",
        webhook_url: "https://our.agency.gov/webhook",
        exchange: "867",
      },
      organization_id: 1,
    },
    make: (client, _, scope) =>
      client.createCampaign(
        {
          title: "Our new campaign",
          description: "A new campaign",
          infoMessage: "Hello! Reply QUIT to unsubscribe.",
          webhookUrl: "https://our.agency.gov/webhook",
          exchange: "867",
          organizationId: 1,
        },
        scope,
      ),
  },
  {
    call: "GET /api/participants",
    path: "/api/participants",
    answer: [],
    make: (client, scope) => client.participants(scope),
  },
  {
    call: "GET /api/participants/{id}",
    path: "/api/participants/58",
    answer: { id: 58 },
    make: (client, scope) => client.participant(PARTICIPANT, scope),
  },
  {
    call: "POST /api/participants",
    path: "/api/participants",
    body: { participant: { name: "Jane Q Public", phone_number: "14155551212" }, campaign_id: 1 },
    make: (client, _, scope) =>
      client.createParticipant({ name: "Jane Q Public", phoneNumber: NUMBER, campaignId: CAMPAIGN }, scope),
  },
  {
    call: "PUT /api/participants/{id}",
    path: "/api/participants/58",
    body: { name: "Katherine Goble Johnson", phone_number: "14155551212" },
    make: (client, _, scope) =>
      client.updateParticipant(PARTICIPANT, { name: "Katherine Goble Johnson", phoneNumber: NUMBER }, scope),
  },
  {
    call: "PUT /api/participants/{id}",
    path: "/api/participants/58",
    options: { participantUpdate: "wrapped" },
    body: { participant: { name: null } },
    make: (client, _, scope) => client.updateParticipant(PARTICIPANT, { name: null }, scope),
  },
  {
    call: "POST /api/participants/{id}/subscriptions",
    path: "/api/participants/58/subscriptions",
    body: { subscription: { group_id: 72 } },
    make: (client, _, scope) => client.addParticipantToGroup(PARTICIPANT, GROUP, scope),
  },
  {
    call: "PUT /api/participants/{id}/subscriptions/unsubscribe",
    path: "/api/participants/58/subscriptions/unsubscribe",
    body: { subscription: { group_id: 72 } },
    make: (client, _, scope) => client.removeParticipantFromGroup(PARTICIPANT, GROUP, scope),
  },
  {
    call: "PUT /api/participants/{id}/subscriptions/unsubscribe",
    path: "/api/participants/58/subscriptions/unsubscribe",
    options: { unsubscribe: "top" },
    body: { group_id: "g72" },
    make: (client, _, scope) => client.removeParticipantFromGroup(PARTICIPANT, makeId("TextizenGroup", "g72"), scope),
  },
  {
    call: "GET /api/participants/{id}/tokens",
    path: "/api/participants/58/tokens",
    body: { campaign_id: 1 },
    answer: {},
    make: (client, scope) => client.participantTokens(PARTICIPANT, CAMPAIGN, scope),
  },
  {
    call: "PUT /api/participants/{id}/tokens",
    path: "/api/participants/58/tokens",
    body: { campaign_id: 1, tokens: { token_key: "token_value" } },
    make: (client, _, scope) =>
      client.setParticipantTokens(PARTICIPANT, CAMPAIGN, [{ key: "token_key", value: "token_value" }], scope),
  },
  {
    call: "DELETE /api/participants/{id}/tokens",
    path: "/api/participants/58/tokens",
    body: { campaign_id: 1, tokens: "abcd123,b" },
    make: (client, _, scope) => client.removeParticipantTokens(PARTICIPANT, CAMPAIGN, ["abcd123", "b"], scope),
  },
  { call: "GET /api/polls", path: "/api/polls", answer: [], make: (client, scope) => client.polls(scope) },
  {
    call: "GET /api/polls/{id}",
    path: "/api/polls/3",
    answer: { id: 3 },
    make: (client, scope) => client.poll(POLL, scope),
  },
  {
    call: "POST /api/polls",
    path: "/api/polls",
    body: {
      poll: {
        title: "my poll",
        confirmation: "confirmation text",
        error_message: "Error happened",
        language: "en",
        public: true,
        active: true,
        type: "followup",
      },
    },
    make: (client, _, scope) =>
      client.createPoll(
        {
          title: "my poll",
          confirmation: "confirmation text",
          errorMessage: "Error happened",
          language: "en",
          isPublic: true,
          isActive: true,
          type: "followup",
        },
        scope,
      ),
  },
  {
    call: "POST /api/polls",
    path: "/api/polls",
    body: { poll: { title: "my poll", error_message: "Error happened", language: "en", active: false } },
    make: (client, _, scope) =>
      client.createPoll(
        { title: "my poll", confirmation: null, errorMessage: "Error happened", language: "en", isActive: false },
        scope,
      ),
  },
  {
    call: "GET /api/polls/{id}/mailings",
    path: "/api/polls/3/mailings",
    answer: [],
    make: (client, scope) => client.mailings(POLL, scope),
  },
  {
    call: "GET /api/mailings/{id}",
    path: "/api/mailings/2",
    answer: { id: 2 },
    make: (client, scope) => client.mailing(MAILING, scope),
  },
  {
    call: "POST /api/polls/{id}/mailings",
    path: "/api/polls/3/mailings",
    body: {
      mailing: {
        send_at: "2017-03-14T19:26:53.895Z",
        group_ids: [72, "g"],
        phone_numbers_list: "14155551212,16515551212",
      },
    },
    make: (client, _, scope) =>
      client.createMailing(
        POLL,
        {
          sendAt: SEND_AT,
          groupIds: [GROUP, makeId("TextizenGroup", "g")],
          phoneNumbers: [NUMBER, "+16515551212" as E164],
        },
        scope,
      ),
  },
  {
    call: "PUT /api/mailings/{id}",
    path: "/api/mailings/2",
    body: { mailing: { send_at: "2017-03-14T19:26:53.895Z", group_ids: [72], phone_numbers_list: null } },
    make: (client, _, scope) =>
      client.updateMailing(MAILING, { sendAt: SEND_AT, groupIds: [GROUP], phoneNumbers: null }, scope),
  },
  {
    call: "GET /api/responses/{id}",
    path: "/api/responses/30",
    answer: { id: 30 },
    make: (client, scope) => client.response(makeId("PollResponse", "30"), scope),
  },
  { call: "GET /api/user", path: "/api/user", answer: { id: 7 }, make: (client, scope) => client.user(scope) },
];

test.each(documented)("makes $call as documented", async ({ call, path, body, answer, options, make }) => {
  await using upstream = await serve((_request, response) => {
    if (answer === undefined) {
      response.writeHead(204).end();
    } else {
      sendJson(response, answer);
    }
  }, options);
  const [scope, writeScope] = [createScope(), createWriteScope()];
  await make(upstream.client, scope, writeScope);
  const [request] = upstream.requests;
  expect(`${request?.method} ${request?.path}`).toBe(`${call.split(" ")[0]} ${path}`);
  expect(JSON.parse(request?.body ?? "")).toEqual({ ...body, auth_token: "your_token" });
  expect(request?.headers).toMatchObject({
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(request?.body ?? "")),
    accept: "application/json",
  });
  expect(request?.headers).not.toHaveProperty("authorization");
  expect([...scope.calls, ...writeScope.calls].map(({ route }) => route)).toEqual([call]);
});

test.each(documented.filter(({ call }) => /^(GET|DELETE) /.test(call)))(
  "puts everything that $call says into the query where a setting asks for it",
  async ({ path, body, answer, make }) => {
    await using upstream = await serve((_request, response) => sendJson(response, answer ?? null), {
      tokenIn: "query",
      credentials: { authToken: "a&b" },
    });
    await make(upstream.client, createScope(), createWriteScope());
    const [request] = upstream.requests;
    const query = Object.entries(body ?? {}).map(([key, value]) => `${key}=${String(value).replace(",", "%2C")}`);
    expect(request?.path).toBe(`${path}?${[...query, "auth_token=a%26b"].join("&")}`);
    expect(request?.body).toBe("");
    expect(request?.headers).not.toHaveProperty("content-type");
  },
);

test("keeps the token of a POST in its body where reads have it in the query", async () => {
  await using upstream = await serve((_request, response) => response.writeHead(204).end() as never, {
    tokenIn: "query",
  });
  await upstream.client.createGroup({ name: "x" }, createWriteScope());
  expect(upstream.requests[0]?.path).toBe("/api/groups");
  expect(upstream.requests[0]?.body).toBe('{"group":{"name":"x"},"auth_token":"your_token"}');
});
