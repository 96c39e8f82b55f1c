import { type ConstDirectiveNode, type DocumentNode, Kind, valueFromASTUntyped } from "graphql";

/** A field's cost by `@cost` and `@listSize` in the schema. */
export interface FieldCost {
  readonly calls: number;
  /** True if its calls are made once in an operation, because they read a shared list. */
  readonly isShared: boolean;
  readonly list: ListSize | null;
}

export interface ListSize {
  readonly assumedSize: number;
  readonly slicingArguments: readonly string[];
  readonly sizedFields: readonly string[];
}

/** By type name and by `Type.field`. */
export type Costs = ReadonlyMap<string, FieldCost>;

export const NO_COST: FieldCost = { calls: 0, isShared: false, list: null };

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
