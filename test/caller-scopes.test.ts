import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from "graphql";
import { createClient as createSocketClient } from "graphql-ws";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { addApiKey } from "../src/access/api-keys.ts";
import { SCOPES, type Scope } from "../src/access/scopes.ts";
import { buildSchema } from "../src/operations/schema.ts";
import { SECRET } from "./events.ts";
import { type Answer, errorsAt, type Stage, startStage } from "./support.ts";

/** Whoever may make a job of some kind. */
const JOB_MAKERS: readonly (readonly Scope[])[] = [
  ["messages:send", "messages:read"],
  ["participants:write", "messages:read"],
  ["contacts:write", "messages:read"],
];

/** What each root field needs: one of the lists, all of its scopes. Written by hand, against the schema's own directives. */
const NEEDED: Readonly<Record<string, readonly (readonly Scope[])[]>> = {
  // The samples ask for a contact.
  "Query.node": [["contacts:read"]],
  "Query.nodes": [["contacts:read"]],
  "Query.attempt": [[]],
  "Query.messagePreview": [[]],
  "Query.viewer": [[]],
  "Query.eventCursor": [["messages:read"]],
  "Query.person": [["contacts:read"], ["participants:read"]],
  "Query.people": [["contacts:read"], ["participants:read"]],
  "Query.searchPeople": [["contacts:read"], ["participants:read"]],
  "Query.contact": [["contacts:read"]],
  "Query.contacts": [["contacts:read"]],
  "Query.participant": [["participants:read"]],
  "Query.participants": [["participants:read"]],
  "Query.group": [["groups:read"]],
  "Query.pidjGroups": [["groups:read"]],
  "Query.textizenGroups": [["groups:read"]],
  "Query.series": [["series:read"]],
  "Query.allSeries": [["series:read"]],
  "Query.seriesList": [["series:read"]],
  "Query.survey": [["surveys:read"]],
  "Query.surveys": [["surveys:read"]],
  "Query.campaign": [["campaigns:read"]],
  "Query.campaigns": [["campaigns:read"]],
  "Query.poll": [["polls:read"]],
  "Query.polls": [["polls:read"]],
  "Query.pollResponse": [["polls:read"]],
  "Query.completedPolls": [["polls:read"]],
  "Query.mailing": [["mailings:read"]],
  "Query.conversations": [["messages:read"]],
  "Query.receivedMessages": [["messages:read"]],
  "Query.job": [["messages:read"]],
  "Query.jobs": [["messages:read"]],
  "Query.pidjUser": [["users:admin"]],
  "Query.platformFailures": [["platform:status"]],
  "Query.platformStatus": [["platform:status"]],
  "Query.unknownAttempts": [["attempts:read"]],
  "Mutation.settleAttempt": [["attempts:write"]],
  "Mutation.sendMessage": [["messages:send"]],
  "Mutation.subscribeToSeries": [["messages:send"]],
  "Mutation.initiateSurvey": [["messages:send"]],
  "Mutation.initiateTask": [["tasks:write"]],
  "Mutation.createMailing": [["mailings:write", "messages:send"]],
  "Mutation.updateMailing": [["mailings:write"]],
  "Mutation.markRead": [["messages:read"]],
  "Mutation.createSendJob": [["messages:send", "messages:read"]],
  // The sample imports participants.
  "Mutation.createImportJob": [["participants:write", "messages:read"]],
  "Mutation.pauseJob": JOB_MAKERS,
  "Mutation.resumeJob": JOB_MAKERS,
  "Mutation.cancelJob": JOB_MAKERS,
  "Mutation.setOptOut": [["opt-outs:write"]],
  "Mutation.createContact": [["contacts:write"]],
  "Mutation.updateContact": [["contacts:write"]],
  "Mutation.deleteContact": [["contacts:write"]],
  "Mutation.createTextizenGroup": [["groups:write"]],
  "Mutation.updateTextizenGroup": [["groups:write"]],
  "Mutation.createCampaign": [["campaigns:write"]],
  "Mutation.createPoll": [["polls:write"]],
  "Mutation.createParticipant": [["participants:write"]],
  "Mutation.updateParticipant": [["participants:write"]],
  "Mutation.addParticipantToGroup": [["participants:write"]],
  "Mutation.removeParticipantFromGroup": [["participants:write"]],
  "Mutation.setParticipantTokens": [["participants:write"]],
  "Mutation.removeParticipantTokens": [["participants:write"]],
  "Mutation.createPidjUser": [["users:admin"]],
  "Mutation.updatePidjUser": [["users:admin"]],
  "Mutation.deletePidjUser": [["users:admin"]],
  "Mutation.recoverPidjUser": [["users:admin"]],
  "Mutation.pausePidjUser": [["users:admin"]],
  "Mutation.unpausePidjUser": [["users:admin"]],
  "Mutation.createSsoUrl": [["users:admin"]],
  "Subscription.jobProgress": [["messages:read"]],
  "Subscription.messageReceived": [["messages:read"]],
  "Subscription.messageSent": [["messages:read"]],
  "Subscription.pollCompleted": [["polls:read"]],
};

let folder: string;
let stage: Stage;
const keys = new Map<string, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "scopes-"));
  const path = join(folder, "keys.json");
  const held: [name: string, scopes: readonly Scope[]][] = [
    ["none", []],
    ["all", SCOPES],
  ];
  for (const [name, scopes] of [...held, ...SCOPES.map((scope) => [nameOf(scope), [scope]] as const)]) {
    const key = addApiKey(path, { name, scopes, expires: null, callsPerMinute: null, recipientsPerMinute: null });
    keys.set(name, key);
  }
  stage = await startStage({ simulator: { people: 20 }, env: { API_KEYS_FILE: path, WEBHOOK_SECRET: SECRET } });
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function keyFor(scope: Scope | "none" | "all"): string {
  return keys.get(nameOf(scope)) ?? "";
}

/** A scope as the name of its key, which has no colon. */
function nameOf(scope: string): string {
  return scope.replace(":", ".");
}

const SAMPLES: Readonly<Record<string, unknown>> = {
  String: "x",
  ID: "co:11111111-1111",
  Int: 1,
  Boolean: true,
  PhoneNumber: "+12015550123",
  DateTime: "2090-01-01T00:00:00Z",
  TimeZone: "America/New_York",
  EmailAddress: "a@example.com",
  URL: "https://example.com/",
};

function sampleOf(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) {
    return sampleOf(type.ofType);
  }
  if (isListType(type)) {
    return [sampleOf(type.ofType)];
  }
  if (isEnumType(type)) {
    return type.getValues()[0]?.name;
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    const given = type.isOneOf ? fields.slice(0, 1) : fields.filter(isRequiredInputField);
    return Object.fromEntries(given.map((field) => [field.name, sampleOf(field.type)]));
  }
  return SAMPLES[type.name];
}

interface Sample {
  readonly name: string;
  readonly kind: string;
  readonly field: string;
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** One operation for each root field: its required arguments, and nothing of what it returns but the type. */
function samplesOf(schema: GraphQLSchema): Sample[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return roots.flatMap((root) =>
    Object.values(root?.getFields() ?? {}).map((field) => {
      const args = field.args.filter(isRequiredArgument);
      const declared = args.map(({ name, type }) => `$${name}: ${type}`).join(", ");
      const passed = args.map(({ name }) => `${name}: $${name}`).join(", ");
      const kind = String(root?.name).toLowerCase();
      const selection = isCompositeType(getNamedType(field.type)) ? " { __typename }" : "";
      return {
        name: `${root?.name}.${field.name}`,
        kind,
        field: field.name,
        query: `${kind} ${declared && `(${declared})`} { ${field.name}${passed && `(${passed})`}${selection} }`,
        variables: Object.fromEntries(args.map(({ name, type }) => [name, sampleOf(type)])),
      };
    }),
  );
}

const samples = samplesOf(buildSchema());

function isEnough(name: string, scope: Scope | "none" | "all"): boolean {
  const held: readonly string[] = scope === "all" ? SCOPES : [scope];
  return (NEEDED[name] ?? []).some((together) => together.every((each) => held.includes(each)));
}

function isForbidden({ errors = [] }: Pick<Answer, "errors">, field: string): boolean {
  return errors.some(({ path = [], extensions }) => path[0] === field && extensions["code"] === "FORBIDDEN");
}

test("the table names every root field", () => {
  expect(samples.map(({ name }) => name).sort()).toEqual(Object.keys(NEEDED).sort());
});

const scopes = [...SCOPES, "none", "all"] as const;

test.each(scopes)("over HTTP a key with %s may what that says, and calls nothing else", async (scope) => {
  for (const { name, field, query, variables } of samples.filter(({ kind }) => kind !== "subscription")) {
    stage.calls();
    const answer = await stage.query(query, variables, { "x-api-key": keyFor(scope) });

    const calls = stage.calls();
    expect([name, isForbidden(answer, field)]).toEqual([name, !isEnough(name, scope)]);
    if (!isEnough(name, scope)) {
      expect([name, calls]).toEqual([name, []]);
    }
  }
});

test.each(scopes)("over WebSocket a key with %s may what that says, and calls nothing else", async (scope) => {
  const client = createSocketClient({
    url: stage.app.url.replace("http", "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { apiKey: keyFor(scope) },
    lazy: false,
    retryAttempts: 0,
  });
  for (const { name, kind, field, query, variables } of samples) {
    stage.calls();
    const results = client.iterate({ query, variables });
    // A subscription that may begin waits for its first event.
    const begins = kind === "subscription" && isEnough(name, scope);
    const first = await Promise.race([results.next(), ...(begins ? [pause()] : [])]);
    void results.return?.();

    const answer = (first?.value ?? {}) as Pick<Answer, "errors">;
    expect([name, isForbidden(answer, field)]).toEqual([name, !isEnough(name, scope)]);
    if (!isEnough(name, scope)) {
      expect([name, stage.calls()]).toEqual([name, []]);
    }
  }
  await client.dispose();
});

test.each(scopes)("over server-sent events a key with %s may what that says, and calls nothing else", async (scope) => {
  for (const { name, kind, field, query, variables } of samples) {
    if (kind === "subscription" && isEnough(name, scope)) {
      continue;
    }
    stage.calls();
    const response = await fetch(stage.app.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        authorization: `Bearer ${keyFor(scope)}`,
      },
      body: JSON.stringify({ query, variables }),
    });
    const answer = JSON.parse(/^data: (\{.*)$/m.exec(await response.text())?.[1] ?? "{}") as Pick<Answer, "errors">;

    expect([name, isForbidden(answer, field)]).toEqual([name, !isEnough(name, scope)]);
    if (!isEnough(name, scope)) {
      expect([name, stage.calls()]).toEqual([name, []]);
    }
  }
});

test("a link to a type that may not be read is forbidden at its path, and its siblings are served", async () => {
  const number = [...stage.simulator.world.participants.values()].find(({ is_masked }) => !is_masked)?.phone_number;
  stage.calls();

  const answer = await stage.query(
    `query ($number: PhoneNumber!) {
      person(phoneNumber: $number) { phoneNumber contactLink { state } contact { id } participant { id contact { id } } }
    }`,
    { number: `+${number}` },
    { "x-api-key": keyFor("participants:read") },
  );

  expect(errorsAt(answer)).toEqual({
    "person.contactLink": "FORBIDDEN",
    "person.contact": "FORBIDDEN",
    "person.participant.contact": "FORBIDDEN",
  });
  expect(answer.data.person.participant.id).toMatch(/^participant:/);
  expect(answer.errors?.[0]?.message).toContain("contacts:read");
  expect(stage.calls()).toEqual(["TEXTIZEN GET /api/participants"]);
});

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 30));
}
