import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSubgraphSchema } from "@apollo/subgraph";
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  graphql,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  Kind,
  parse,
  print,
} from "graphql/index.js"; // the module that @apollo/subgraph loads; Vite takes plain "graphql" for index.mjs, a second realm
import { describe, expect, test } from "vitest";

const folder = join(import.meta.dirname, "../schema");
const files = readdirSync(folder).filter((name) => name.endsWith(".graphql"));
const typeDefs = parse(files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n"));
const schema = buildSubgraphSchema([{ typeDefs, resolvers: {} }]);

/** One thing that has a name and, if all is well, a description: `Contact.tags`, `Query.node(id:)`. */
interface Described {
  readonly path: string;
  readonly name: string;
  readonly description: string;
}

// Read from the files, not from the schema that was built: federation adds types of its own, which nobody describes.
const described = typeDefs.definitions.flatMap((definition) => describeDefinition(definition));

interface Nameable {
  readonly name: { readonly value: string };
  readonly description?: { readonly value: string } | undefined;
}

function describeNode(node: Nameable, path: string): Described {
  return { path, name: node.name.value, description: node.description?.value ?? "" };
}

function describeDefinition(definition: DefinitionNode): Described[] {
  switch (definition.kind) {
    case Kind.SCHEMA_DEFINITION:
      return [{ path: "schema", name: "schema", description: definition.description?.value ?? "" }];
    case Kind.UNION_TYPE_DEFINITION:
    case Kind.SCALAR_TYPE_DEFINITION:
      return [describeNode(definition, definition.name.value)];
    case Kind.ENUM_TYPE_DEFINITION:
      return [definition, ...(definition.values ?? [])].map((node) =>
        describeNode(node, node === definition ? node.name.value : `${definition.name.value}.${node.name.value}`),
      );
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      return [definition, ...(definition.fields ?? [])].map((node) =>
        describeNode(node, node === definition ? node.name.value : `${definition.name.value}.${node.name.value}`),
      );
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.OBJECT_TYPE_EXTENSION:
    case Kind.INTERFACE_TYPE_DEFINITION: {
      const fields = (definition.fields ?? []).flatMap((field) => {
        const path = `${definition.name.value}.${field.name.value}`;
        const fieldArguments = (field.arguments ?? []).map((node) =>
          describeNode(node, `${path}(${node.name.value}:)`),
        );
        return [describeNode(field, path), ...fieldArguments];
      });
      return definition.kind === Kind.OBJECT_TYPE_EXTENSION
        ? fields
        : [describeNode(definition, definition.name.value), ...fields];
    }
    case Kind.DIRECTIVE_DEFINITION:
      return []; // GraphQL's own
    default:
      throw new Error(`The schema has a ${definition.kind}, of which this test knows nothing.`);
  }
}

const types: GraphQLNamedType[] = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && described.some(({ path }) => path === type.name),
);
const compositeTypes = types.filter((type) => isObjectType(type) || isInterfaceType(type));
const connections = types.filter(
  (type): type is GraphQLObjectType => isObjectType(type) && type.name.endsWith("Connection"),
);
const outputFields = compositeTypes.flatMap((type) =>
  Object.values(type.getFields())
    .filter((field) => !field.name.startsWith("_")) // federation's own
    .map((field) => ({ path: `${type.name}.${field.name}`, field })),
);
const inputs = [
  ...outputFields.flatMap(({ path, field }) => field.args.map((value) => ({ path: `${path}(${value.name}:)`, value }))),
  ...types
    .filter((type) => isInputObjectType(type))
    .flatMap((type) => Object.values(type.getFields()).map((value) => ({ path: `${type.name}.${value.name}`, value }))),
];

function typeOfField(type: GraphQLObjectType, name: string): string {
  return String(type.getFields()[name]?.type);
}

function keysOf(type: GraphQLNamedType): string[] {
  const directives: readonly ConstDirectiveNode[] = type.astNode?.directives ?? [];
  return directives.filter(({ name }) => name.value === "key").map((directive) => print(directive));
}

/** What a description says beyond the words of the name it belongs to. */
function newWords({ path, description }: Described): string[] {
  const known = path.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).map((word) => word.toLowerCase().replace(/s$/, ""));
  const fillers = ["a", "an", "the", "of", "thi", "that", "it", "i", "for", "or", "and", "to", "in", "on", "which"];
  const words = description.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.map((word) => word.replace(/s$/, "")).filter((word) => ![...known, ...fillers].includes(word));
}

describe("descriptions", () => {
  const pathsOf = (isMeant: (one: Described) => boolean) => described.filter(isMeant).map(({ path }) => path);
  const pathsSaying = (limit: RegExp) => pathsOf(({ description }) => limit.test(description));

  test("everything a client can name is described", () => {
    expect(described.length).toBeGreaterThan(300);
    expect(pathsOf(({ description }) => description.trim().length < 15)).toEqual([]);
  });

  test("every description says more than the name", () => {
    expect(pathsOf((one) => newWords(one).length === 0)).toEqual([]);
  });

  test("every description is made of whole sentences", () => {
    expect(pathsOf(({ description }) => !/[.`]$/.test(description.trim()))).toEqual([]);
  });

  test("no description speaks of a platform's own property names", () => {
    expect(pathsSaying(/`[^`]*[a-z]_[a-z]/)).toEqual([]);
  });

  test("the life of a key and the size of a page are each said once, and pointed to", () => {
    expect(pathsSaying(/72 hours/)).toEqual(["Attempt"]);
    expect(pathsSaying(/100 rows/)).toEqual(["PageInfo"]);
    const keys = pathsOf(({ path }) => /Input\.idempotencyKey$/.test(path));
    expect(pathsSaying(/`Attempt`/)).toEqual(expect.arrayContaining(keys));
    const sizes = pathsOf(({ path }) => path.endsWith("(first:)"));
    expect(pathsSaying(/`PageInfo`/)).toEqual(expect.arrayContaining(sizes));
    expect([keys.length > 5, sizes.length > 10]).toEqual([true, true]);
  });
});

describe("names", () => {
  test("types are PascalCase, fields and arguments camelCase, enum values UPPER_CASE", () => {
    const enumValues = types.filter((type) => isEnumType(type)).flatMap((type) => type.getValues());
    expect(types.map(({ name }) => name).filter((name) => !/^([A-Z][a-z0-9]+)+$|^URL$/.test(name))).toEqual([]);
    const members = [...outputFields.map(({ field }) => field.name), ...inputs.map(({ value }) => value.name)];
    expect(members.filter((name) => !/^[a-z][A-Za-z0-9]*$/.test(name))).toEqual([]);
    expect(enumValues.map(({ name }) => name).filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name))).toEqual([]);
  });

  test("what is a moment ends in At, and nothing else does", () => {
    const moments = [...outputFields.map(({ path, field }) => ({ path, value: field })), ...inputs];
    expect(moments.some(({ value }) => value.name === "createdAt")).toBe(true);
    for (const { path, value } of moments) {
      expect(getNamedType(value.type).name === "DateTime", path).toBe(value.name.endsWith("At"));
    }
  });

  test("truth values begin with a verb in the third person, or what they allow", () => {
    const flags = [...outputFields.map(({ field }) => field), ...inputs.map(({ value }) => value)].filter(
      ({ type }) => getNamedType(type).name === "Boolean",
    );
    expect(flags.map(({ name }) => name).filter((name) => !/^(is|has|may|allow)[A-Z]/.test(name))).toEqual([]);
  });
});

describe("ids", () => {
  // Numbers of other systems, which no field of the graph takes.
  const foreign = ["externalId", "contactExternalId", "organizationId"];

  test("an id is typed ID wherever it stands, and nothing else is", () => {
    const all = [...outputFields.map(({ path, field }) => ({ path, value: field })), ...inputs];
    for (const { path, value } of all.filter(({ value }) => !foreign.includes(value.name))) {
      expect(getNamedType(value.type).name === "ID", path).toBe(/^ids?$|Ids?$/.test(value.name));
    }
  });

  test("a field gives the record, never its bare id, unless the record is gone", () => {
    const bareIds = outputFields.filter(({ field }) => field.name.endsWith("Id") && !foreign.includes(field.name));
    expect(bareIds.map(({ path }) => path).filter((path) => !/^Delete\w+Payload\.deletedId$/.test(path))).toEqual([]);
  });

  test("every node is an entity of the federated graph, and every entity a node", () => {
    const nodes = types.filter(
      (type) => isObjectType(type) && type.getInterfaces().some(({ name }) => name === "Node"),
    );
    const entities = types.filter((type) => keysOf(type).includes('@key(fields: "id")'));
    expect(nodes.length).toBeGreaterThan(10);
    expect(entities.map(({ name }) => name)).toEqual(nodes.map(({ name }) => name));
  });

  test("a person is an entity by number too", () => {
    const person = types.filter(({ name }) => name === "Person");
    expect(person.flatMap(keysOf)).toEqual(['@key(fields: "phoneNumber")', '@key(fields: "id")']);
  });
});

describe("lists", () => {
  test("every connection has edges, nodes, pageInfo and totalCount, none of them null", () => {
    expect(connections.length).toBeGreaterThan(5);
    for (const connection of connections) {
      const row = connection.name.replace(/Connection$/, "");
      expect(typeOfField(connection, "edges"), connection.name).toBe(`[${row}Edge!]!`);
      expect(typeOfField(connection, "nodes"), connection.name).toBe(`[${row}!]!`);
      expect(typeOfField(connection, "pageInfo"), connection.name).toBe("PageInfo!");
      expect(typeOfField(connection, "totalCount"), connection.name).toBe("Int!");
      const edge = schema.getType(`${row}Edge`) as GraphQLObjectType;
      expect(typeOfField(edge, "cursor"), edge.name).toBe("String!");
      expect(typeOfField(edge, "node"), edge.name).toBe(`${row}!`);
    }
  });

  test("every connection can be paged both ways, and nothing else can", () => {
    const paging = ["first", "after", "last", "before"];
    const pageArguments = ({ args }: GraphQLField<unknown, unknown>) =>
      args.filter(({ name }) => paging.includes(name)).map(({ name, type }) => `${name}: ${type}`);
    for (const { path, field } of outputFields) {
      const isConnection = getNamedType(field.type).name.endsWith("Connection");
      const expected = isConnection ? ["first: Int", "after: String", "last: Int", "before: String"] : [];
      expect(pageArguments(field), path).toEqual(expected);
    }
  });

  test("a connection is nullable, so that its failure stays its own", () => {
    const bad = outputFields.filter(({ field }) => /Connection!$/.test(String(field.type)));
    expect(bad.map(({ path }) => path)).toEqual([]);
  });

  test("no list of the schema has holes but the one of nodes", () => {
    const holed = outputFields.filter(({ field }) => /\[\w+\]/.test(String(field.type)));
    expect(holed.map(({ path }) => path)).toEqual(["Query.nodes"]);
  });
});

describe("mutations", () => {
  const sends = [
    ...["sendMessage", "subscribeToSeries", "initiateSurvey", "initiateTask", "createMailing"],
    ...["createSendJob", "createImportJob"],
  ];
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
  const payloads = types.filter(
    (type): type is GraphQLObjectType => isObjectType(type) && type.name.endsWith("Payload"),
  );

  test("each takes one input of its own and gives a payload of its own, which is null where it fails", () => {
    expect(mutations.length).toBeGreaterThan(10);
    for (const { name, args, type } of mutations) {
      const title = name.replace(/^./, (letter) => letter.toUpperCase());
      expect(args.map((argument) => `${argument.name}: ${argument.type}`)).toEqual([`input: ${title}Input!`]);
      expect(String(type)).toBe(`${title}Payload`);
    }
  });

  test("a payload says why not, and holds nothing else that it must have but whether it is a replay", () => {
    expect(payloads).toHaveLength(mutations.length);
    for (const payload of payloads) {
      expect(typeOfField(payload, "userErrors"), payload.name).toBe("[MessagingUserError!]!");
      const needed = Object.values(payload.getFields()).filter(({ type }) => String(type).endsWith("!"));
      const isSend = sends.some((name) => `${name}Payload`.toLowerCase() === payload.name.toLowerCase());
      expect(needed.map(({ name }) => name).sort()).toEqual(isSend ? ["isReplay", "userErrors"] : ["userErrors"]);
    }
  });

  test("what texts people or makes work for them needs an idempotency key, and creations of records may have one", () => {
    for (const { name } of mutations) {
      const input = types.find((type) => type.name.toLowerCase() === `${name}input`.toLowerCase());
      const key = isInputObjectType(input) ? input.getFields()["idempotencyKey"]?.type : undefined;
      const isCreation = name.startsWith("create") && name !== "createSsoUrl";
      expect(String(key), name).toBe(sends.includes(name) ? "String!" : isCreation ? "String" : "undefined");
    }
  });

  test("where exactly one of several is wanted, the input says so", () => {
    const oneOfs = types.filter((type) => isInputObjectType(type) && type.isOneOf);
    expect(oneOfs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["PidjUserRefInput", "RecipientInput", "SenderInput"]),
    );
  });
});

describe("the schema as a subgraph", () => {
  test("tells a router its keys and shareable types, descriptions included", async () => {
    const { data } = await graphql({ schema, source: "{ _service { sdl } }" });
    const { sdl } = Object(data)["_service"] as { readonly sdl: string };
    expect(sdl).toContain('type Person implements Node @key(fields: "phoneNumber") @key(fields: "id")');
    expect(sdl).toContain("type PageInfo @shareable");
    expect(sdl).toContain("ITU-T E.164");
  });

  test("names the standard behind each scalar of its own", () => {
    const scalars = types.filter((type) => isScalarType(type));
    expect(scalars.length).toBeGreaterThan(0);
    expect(scalars.filter(({ specifiedByURL }) => !specifiedByURL).map(({ name }) => name)).toEqual([]);
  });
});
