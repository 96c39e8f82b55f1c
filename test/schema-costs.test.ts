import { type DocumentNode, Kind, type ObjectTypeDefinitionNode, type TypeNode } from "graphql";
import { expect, test } from "vitest";
import { readTypeDefs } from "../src/operations/schema.ts";

const typeDefs: DocumentNode = readTypeDefs();
const objectTypes = typeDefs.definitions.filter(
  (definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION ||
    definition.kind === Kind.OBJECT_TYPE_EXTENSION ||
    definition.kind === Kind.INTERFACE_TYPE_DEFINITION,
) as readonly ObjectTypeDefinitionNode[];
const leaves = new Set([
  ...["Int", "Float", "String", "Boolean", "ID"],
  ...typeDefs.definitions.flatMap((definition) =>
    definition.kind === Kind.SCALAR_TYPE_DEFINITION || definition.kind === Kind.ENUM_TYPE_DEFINITION
      ? [definition.name.value]
      : [],
  ),
]);

const inner = (type: TypeNode): TypeNode => (type.kind === Kind.NON_NULL_TYPE ? type.type : type);
const isList = (type: TypeNode): boolean => inner(type).kind === Kind.LIST_TYPE;
const nameOf = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type));

/** Fields that call no platform: what they need, this server keeps or computes. */
const LOCAL = [
  "Query.attempt",
  "Query.completedPolls",
  "Query.conversations",
  "Query.eventCursor",
  "Query.job",
  "Query.jobs",
  "Query.messagePreview",
  "Query.people",
  "Query.person",
  "Query.platformFailures",
  // Its fields say what they call.
  "Query.platformStatus",
  "Query.receivedMessages",
  "Query.unknownAttempts",
  "Query.viewer",
  "Mutation.cancelJob",
  "Mutation.markRead",
  "Mutation.pauseJob",
  "Mutation.resumeJob",
  "Mutation.setOptOut",
  "Mutation.settleAttempt",
];

test("every list of objects has a size: its own, or that of the page it belongs to", () => {
  const lists: string[] = [];
  const sized = new Set<string>();
  for (const { name, fields = [] } of objectTypes) {
    for (const field of fields) {
      const coordinate = `${name.value}.${field.name.value}`;
      if (isList(field.type) && !leaves.has(nameOf(field.type))) {
        lists.push(coordinate);
      }
      const listSize = field.directives?.find((directive) => directive.name.value === "listSize");
      const ofPage = listSize?.arguments?.find((argument) => argument.name.value === "sizedFields")?.value;
      if (listSize !== undefined && ofPage === undefined) {
        sized.add(coordinate);
      }
      for (const part of ofPage?.kind === Kind.LIST ? ofPage.values : []) {
        sized.add(`${nameOf(field.type)}.${part.kind === Kind.STRING ? part.value : ""}`);
      }
    }
  }
  expect(lists.length).toBeGreaterThan(30);
  expect(lists.filter((coordinate) => !sized.has(coordinate))).toEqual([]);
});

test("every page is sized wherever it is returned", () => {
  const pages = objectTypes.flatMap(({ name, fields = [] }) =>
    fields
      .filter(({ type }) => nameOf(type).endsWith("Connection"))
      .filter(({ directives = [] }) => !directives.some((directive) => directive.name.value === "listSize"))
      .map((field) => `${name.value}.${field.name.value}`),
  );
  expect(pages).toEqual([]);
});

test("every root field says what it calls, by itself or by its type, unless it calls nothing", () => {
  const isPriced = ({
    directives = [],
  }: {
    readonly directives?: readonly { name: { value: string } }[] | undefined;
  }) => directives.some((directive) => directive.name.value === "cost");
  const pricedTypes = new Set(objectTypes.filter(isPriced).map(({ name }) => name.value));
  const roots = objectTypes.filter(({ name }) => name.value === "Query" || name.value === "Mutation");
  const silent = roots.flatMap(({ name, fields = [] }) =>
    fields
      .filter((field) => !isPriced(field) && !pricedTypes.has(nameOf(field.type)))
      .map((field) => `${name.value}.${field.name.value}`),
  );
  expect(silent.toSorted()).toEqual(LOCAL.toSorted());
});
