import {
  type ConstDirectiveNode,
  type DocumentNode,
  type GraphQLField,
  type GraphQLSchema,
  type GraphQLType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  valueFromASTUntyped,
} from "graphql";

/** A field's cost by `@cost` and `@listSize` in the schema. */
export interface FieldCost {
  readonly calls: number;
  /** True if its calls are made once in an operation, because they read a shared list. */
  readonly isShared: boolean;
  /** Its calls are those of the object's other such fields, and are made once for each object. */
  readonly isOfObject: boolean;
  readonly list: ListSize | null;
}

export interface ListSize {
  readonly assumedSize: number;
  readonly slicingArguments: readonly string[];
  readonly sizedFields: readonly string[];
}

/** By type name and by `Type.field`. */
export type Costs = ReadonlyMap<string, FieldCost>;

export const NO_COST: FieldCost = { calls: 0, isShared: false, isOfObject: false, list: null };

export function readCosts(typeDefs: DocumentNode): Costs {
  const costs = new Map<string, FieldCost>();
  for (const definition of typeDefs.definitions) {
    if (
      definition.kind === Kind.OBJECT_TYPE_DEFINITION ||
      definition.kind === Kind.OBJECT_TYPE_EXTENSION ||
      definition.kind === Kind.INTERFACE_TYPE_DEFINITION
    ) {
      const type = definition.name.value;
      if (definition.directives?.length) {
        costs.set(type, readCost(definition.directives));
      }
      for (const field of definition.fields ?? []) {
        costs.set(`${type}.${field.name.value}`, readCost(field.directives ?? []));
      }
    }
  }
  return costs;
}

/**
 * The lists of introspection. Each is as long as it is on average in this schema, so that reading the whole schema costs as
 * many objects as it has.
 */
export function introspectionCosts(schema: GraphQLSchema): Costs {
  const types = Object.values(schema.getTypeMap());
  const withFields = types.filter((type) => isObjectType(type) || isInterfaceType(type));
  const fields = withFields.flatMap((type) => Object.values(type.getFields()));
  const inputFields = types.flatMap((type) => (isInputObjectType(type) ? Object.values(type.getFields()) : []));
  const enumValues = types.flatMap((type) => (isEnumType(type) ? type.getValues() : []));
  const interfaces = withFields.flatMap((type) => type.getInterfaces());
  const lists: readonly [coordinate: string, all: readonly unknown[], of: readonly unknown[]][] = [
    ["__Schema.types", types, [schema]],
    ["__Schema.directives", schema.getDirectives(), [schema]],
    ["__Type.fields", fields, types],
    ["__Type.inputFields", inputFields, types],
    ["__Type.enumValues", enumValues, types],
    ["__Type.interfaces", interfaces, types],
    ["__Type.possibleTypes", interfaces, types],
    ["__Field.args", fields.flatMap(({ args }) => args), fields],
    ["__Directive.args", schema.getDirectives().flatMap(({ args }) => args), schema.getDirectives()],
  ];
  return new Map(
    lists.map(([coordinate, all, of]) => [
      coordinate,
      {
        ...NO_COST,
        list: { assumedSize: all.length / Math.max(1, of.length), slicingArguments: [], sizedFields: [] },
      },
    ]),
  );
}

function readCost(directives: readonly ConstDirectiveNode[]): FieldCost {
  const read = (name: string) => {
    const directive = directives.find((each) => each.name.value === name);
    return (
      directive &&
      Object.fromEntries((directive.arguments ?? []).map((each) => [each.name.value, valueFromASTUntyped(each.value)]))
    );
  };
  const list = read("listSize");
  return {
    calls: Number(read("cost")?.["weight"] ?? 0),
    isShared: read("oncePerOperation") !== undefined,
    isOfObject: read("oncePerObject") !== undefined,
    list:
      list === undefined
        ? null
        : {
            assumedSize: numberOr(list["assumedSize"], 1),
            slicingArguments: textsOf(list["slicingArguments"]),
            sizedFields: textsOf(list["sizedFields"]),
          },
  };
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Whether the length of its list is that of an argument. */
export function isByIds(field: GraphQLField<unknown, unknown>, { slicingArguments }: ListSize): boolean {
  return field.args.some(({ name, type }) => slicingArguments.includes(name) && isListOf(type));
}

export function isListOf(type: GraphQLType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

/** Types whose records cost no platform call by themselves. */
export const KEPT_HERE: ReadonlySet<string> = new Set([
  "Person",
  "ReceivedMessage",
  "CompletedPoll",
  "OutgoingMessage",
  "Conversation",
]);
