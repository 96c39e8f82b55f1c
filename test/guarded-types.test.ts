import { type GraphQLObjectType, getNamedType, isAbstractType, isObjectType, Kind, visit } from "graphql";
import { expect, test } from "vitest";
import { ANONYMOUS } from "../src/access/caller.ts";
import { SCOPES } from "../src/access/scopes.ts";
import { ForbiddenError } from "../src/errors.ts";
import { readGuards } from "../src/operations/guards.ts";
import { buildSchema, readTypeDefs } from "../src/operations/schema.ts";

const typeDefs = readTypeDefs();
const guards = readGuards(typeDefs);
const schema = buildSchema(typeDefs, guards);
const NOBODY = { ...ANONYMOUS, scopes: new Set<never>() };

const objects = Object.values(schema.getTypeMap()).filter(
  (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith("__"),
);

function isGuarded(type: string): boolean {
  try {
    guards.requireType(type, NOBODY);
    return false;
  } catch (error) {
    return error instanceof ForbiddenError;
  }
}

/** Types without a scope of their own that show no record, and why. Edges and payloads are below. */
const WITHOUT_RECORDS: Readonly<Record<string, string>> = {
  Query: "each field has its own",
  Mutation: "each field has its own",
  Subscription: "each field has its own",
  Attempt: "a caller sees its own alone, and those of others by fields that have scopes",
  MessagePreview: "made from the argument",
  SentMessage: "made from the input; its links have their own",
  PidjTask: "the new id alone",
  ContactLink: "reached by Person.contactLink alone, which has its own",
  PollNonRespondent: "reached by its connection alone",
  QuestionResult: "reached by PollResults alone",
  OptionResult: "reached by PollResults alone",
  MessageReceivedEvent: "reached by a root field that has its own",
  MessageSentEvent: "reached by a root field that has its own",
  PersonMatch: "reached by its connection alone",
  Viewer: "about the caller itself",
  PollCompletedEvent: "reached by a root field that has its own",
  JobCheck: "made from the input",
  JobCounts: "reached by Job alone",
  JobPreview: "made from the input",
  JobProgressEvent: "reached by a root field that has its own",
  JobRefusal: "made from the input",
  JobValue: "reached by JobRow and JobRefusal alone",
  PageInfo: "positions in a list that has its own",
  MessagingUserError: "about the caller's own input",
};

test("every type has a scope, or shows no record", () => {
  const open = objects.filter(({ name }) => !isGuarded(name) && !/(Edge|Payload)$/.test(name));

  expect(open.map(({ name }) => name).sort()).toEqual(Object.keys(WITHOUT_RECORDS).sort());
});

test("an edge is reached by its connection alone, and a payload by its mutation alone: both have scopes", () => {
  const reachedBy = (type: string) =>
    objects.flatMap((object) =>
      Object.values(object.getFields())
        .filter((field) => getNamedType(field.type).name === type)
        .map((field) => (object.name === "Mutation" ? `Mutation.${field.name}` : object.name)),
    );
  for (const { name } of objects) {
    const [by = "", ...others] = /(Edge|Payload)$/.test(name) ? reachedBy(name) : [];
    if (by !== "") {
      expect([name, others, by.startsWith("Mutation.") || isGuarded(by)]).toEqual([name, [], true]);
    }
  }
});

/** Fields that show either message of a conversation. */
const OF_CONVERSATIONS = [
  "ConversationMessageConnection.nodes",
  "ConversationMessageEdge.node",
  "Conversation.latestMessage",
];

test("any type is shown by node and nodes alone, which check the scope of the record that they find", () => {
  const fields = objects.flatMap((object) =>
    Object.values(object.getFields())
      .filter(({ type }) => isAbstractType(getNamedType(type)) && !isGuarded(getNamedType(type).name))
      .map((field) => `${object.name}.${field.name}`),
  );

  expect(fields).toEqual(["Query.node", "Query.nodes", ...OF_CONVERSATIONS]);
});

test("whoever may see a conversation may see both kinds of its messages, and nobody else sees any", () => {
  const without = { ...ANONYMOUS, scopes: new Set(SCOPES.filter((scope) => scope !== "messages:read")) };
  const reader = { ...ANONYMOUS, scopes: new Set(["messages:read"] as const) };
  const union = schema.getType("ConversationMessage");
  const messages = isAbstractType(union) ? schema.getPossibleTypes(union).map(({ name }) => name) : [];

  expect(messages).toEqual(["ReceivedMessage", "OutgoingMessage"]);
  for (const type of ["Conversation", "ConversationMessageConnection", ...messages]) {
    expect([type, guards.mayRead(type, reader), guards.mayRead(type, without)]).toEqual([type, true, false]);
  }
});

test("scopes stand where they are enforced: at types, and at fields of object types", () => {
  const places: string[] = [];
  visit(typeDefs, {
    Directive: ({ name }, _key, _parent, _path, ancestors) => {
      const owners = ancestors.filter((each) => "kind" in each);
      const [owner, definition] = [owners.at(-1), owners.at(-2)];
      const isField = owner?.kind === Kind.FIELD_DEFINITION;
      const kind = isField ? definition?.kind : owner?.kind;
      const isEnforced =
        kind === Kind.OBJECT_TYPE_DEFINITION ||
        kind === Kind.OBJECT_TYPE_EXTENSION ||
        (kind === Kind.INTERFACE_TYPE_DEFINITION && !isField);
      if (name.value === "requiresScopes" && !isEnforced) {
        places.push(String(kind));
      }
    },
  });

  expect(places).toEqual([]);
});
