import {
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from "graphql";

// A plugin of GraphQL Code Generator: what caches and retries need to know of the schema, as constants of TypeScript.

/** Arguments that say which part of a list is read, and not which list. */
const PAGE_ARGUMENTS = new Set(["first", "after", "last", "before"]);

/** Called by codegen. */
export function plugin(schema: GraphQLSchema): string {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("_"));
  const objects = types.filter(isObjectType);
  const facts = {
    POSSIBLE_TYPES: possibleTypes(schema),
    CONNECTIONS: Object.fromEntries(objects.flatMap((type) => nonEmpty(type.name, connectionsOf(type)))),
    RECORDS_BY_ID: recordsById(schema),
    TYPES_WITHOUT_ID: objects
      .filter((type) => !isRoot(schema, type) && !("id" in type.getFields()))
      .map(({ name }) => name),
    KEYED_INPUTS: types
      .filter(isInputObjectType)
      .filter(takesKey)
      .map(({ name }) => name),
  };
  return Object.entries(facts)
    .map(([name, value]) => `export const ${name} = ${JSON.stringify(value, null, 2)} as const;\n`)
    .join("\n");
}

function possibleTypes(schema: GraphQLSchema): Record<string, string[]> {
  const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);
  return Object.fromEntries(
    abstract
      .filter(({ name }) => !name.startsWith("_"))
      .map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]),
  );
}

/** The fields of a type that are connections, each with the arguments that tell one list from another. */
function connectionsOf(type: GraphQLObjectType): Record<string, string[]> {
  return Object.fromEntries(
    Object.values(type.getFields())
      .filter((field) => getNamedType(field.type).name.endsWith("Connection"))
      .map(({ name, args }) => [name, args.map((arg) => arg.name).filter((arg) => !PAGE_ARGUMENTS.has(arg))]),
  );
}

/** The query fields that find one record by its id, with its type. */
function recordsById(schema: GraphQLSchema): Record<string, string> {
  const fields = Object.values(schema.getQueryType()?.getFields() ?? {});
  return Object.fromEntries(
    fields
      .filter(({ type, args }) => {
        const named = getNamedType(type);
        const isRecord = isObjectType(named) && named.getInterfaces().some(({ name }) => name === "Node");
        return isRecord && !isInterfaceType(named) && args.length === 1 && args[0]?.name === "id";
      })
      .map(({ name, type }) => [name, getNamedType(type).name]),
  );
}

function takesKey(input: GraphQLInputObjectType): boolean {
  return "idempotencyKey" in input.getFields();
}

function isRoot(schema: GraphQLSchema, type: GraphQLObjectType): boolean {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type);
}

function nonEmpty<Value extends object>(name: string, value: Value): [string, Value][] {
  return Object.keys(value).length === 0 ? [] : [[name, value]];
}
