import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isObjectType,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from "graphql";
import { collectFields, collectSubfields } from "graphql/execution/collectFields.js";
import { getArgumentValues } from "graphql/execution/values.js";
import {
  type Costs,
  type FieldCost,
  introspectionCosts,
  isByIds,
  isListOf,
  KEPT_HERE,
  type ListSize,
  NO_COST,
  readCosts,
} from "./costs.ts";
import { BEYOND, beginPart, dearerOf, type FieldPart, FREE, type OperationPrice, type Subtotal } from "./price.ts";
import type { PricedOperation } from "./priced-operation.ts";
import { SelectionCount, TooManyFields } from "./selection-count.ts";
import { unlessWrong } from "./unless-wrong.ts";

type Field = GraphQLField<unknown, unknown>;

/** Far more than a screen selects, and far less than an attack by nested fragments expands to. */
const MOST_FIELDS = 5_000;

/**
 * Returns the function that computes an operation's price before it runs: upper bounds of its platform calls and of its
 * answer's size. The schema has IBM's cost directives, which routers read too
 * (https://ibm.github.io/graphql-specs/cost-spec.html): `@cost(weight:)` is the calls of a field, or of a type, for each
 * object; `@listSize` is the length of a list, by its arguments or assumed. Two rules are our own: a field with a list of
 * ids costs its weight for each id, and `@oncePerOperation` counts a shared list once. The price of an operation with
 * more than 5,000 fields is infinite. Introspection makes no calls, and its lists are as long as those of the schema.
 * `weigh` replaces the costs of the schema.
 */
export function createPricer(schema: GraphQLSchema, typeDefs: DocumentNode, weigh = (costs: Costs) => costs): Pricer {
  const costs = new Map([...weigh(readCosts(typeDefs)), ...introspectionCosts(schema)]);
  return (asked, parts = null) => new Walk(schema, costs, asked, parts).price();
}

/** The price of an operation. `parts`, if given, is filled with the fields that it is the sum of. */
export type Pricer = (operation: PricedOperation, parts?: FieldPart[] | null) => OperationPrice;

/** The pricing of one operation. */
class Walk {
  readonly #schema: GraphQLSchema;
  readonly #costs: Costs;
  readonly #operation: OperationDefinitionNode;
  readonly #fragments: Record<string, FragmentDefinitionNode>;
  readonly #variables: Record<string, unknown>;
  readonly #sharedSeen = new Set<string>();
  #sharedCalls = 0;
  readonly #selections: SelectionCount;
  #fields = 0;
  #aliases = 0;
  /** Where the parts of the selection that is walked are collected; null if nobody wants to see them. */
  #parts: FieldPart[] | null;

  constructor(
    schema: GraphQLSchema,
    costs: Costs,
    { operation, fragments, variables }: PricedOperation,
    parts: FieldPart[] | null,
  ) {
    this.#parts = parts;
    this.#schema = schema;
    this.#costs = costs;
    this.#operation = operation;
    this.#fragments = { ...fragments };
    this.#variables = { ...variables };
    this.#selections = new SelectionCount(this.#fragments);
  }

  price(): OperationPrice {
    const root = this.#schema.getRootType(this.#operation.operation);
    if (!root) {
      return { ...FREE, fields: 0, aliases: 0, rootFields: 0 };
    }
    const { selectionSet } = this.#operation;
    try {
      this.#selections.add(selectionSet);
      const selected = unlessWrong(
        () => collectFields(this.#schema, this.#fragments, this.#variables, root, selectionSet),
        NOTHING,
      );
      const total = this.#selection(root, selected, { sizes: new Map(), isOnPage: false }, "");
      return {
        ...total,
        calls: total.calls + this.#sharedCalls,
        fields: this.#fields,
        aliases: this.#aliases,
        rootFields: selected.size,
      };
    } catch (error) {
      if (error instanceof TooManyFields) {
        return BEYOND;
      }
      throw error;
    }
  }

  /** The price of a selection on one object. `sizes`: the lengths of its lists, if its parent fixes them. */
  #selection(
    type: GraphQLObjectType,
    selected: ReadonlyMap<string, readonly FieldNode[]>,
    { sizes, isOnPage }: { readonly sizes: ReadonlyMap<string, number>; readonly isOnPage: boolean },
    path: string,
  ): Subtotal {
    let sum: Subtotal = { ...FREE, calls: isOnPage ? 0 : this.#callsOfType(type) };
    let isObjectRead = false;
    for (const [responseName, nodes] of selected) {
      this.#fields += 1;
      this.#aliases += nodes[0]?.alias === undefined ? 0 : 1;
      if (this.#fields > MOST_FIELDS) {
        throw new TooManyFields();
      }
      const name = nodes[0]?.name.value ?? "";
      const field = type.getFields()[name] ?? META_FIELDS.get(name);
      if (field === undefined) {
        // `__typename`
        sum = { ...sum, values: sum.values + 1 + valuesOfName(responseName) };
      } else {
        const place = { coordinate: `${type.name}.${field.name}`, path: path + responseName };
        const cost = this.#costs.get(place.coordinate) ?? NO_COST;
        const isRead = cost.isOfObject && isObjectRead;
        isObjectRead ||= cost.isOfObject;
        const part = this.#field(
          place,
          isRead ? { ...cost, calls: 0 } : cost,
          field,
          nodes,
          sizes.get(field.name) ?? null,
        );
        sum = {
          calls: sum.calls + part.calls,
          objects: sum.objects + part.objects,
          values: sum.values + part.values + valuesOfName(responseName),
          depth: Math.max(sum.depth, part.depth),
          dearest: dearerOf(sum.dearest, part.dearest),
        };
      }
    }
    return sum;
  }

  #field(
    { coordinate, path }: { readonly coordinate: string; readonly path: string },
    cost: FieldCost,
    field: Field,
    nodes: readonly FieldNode[],
    sizeByParent: number | null,
  ): Subtotal {
    const isMeta = field === SchemaMetaFieldDef || field === TypeMetaFieldDef;
    const { list } = cost;
    const named = getNamedType(field.type);
    const size = list === null ? 1 : this.#sizeOf(list, field, nodes);
    const sharedBefore = this.#sharedCalls;
    const calls =
      this.#callsOf(coordinate, cost, field, size) + (list === null ? 0 : size * this.#callsOfItems(named, list));
    const siblings = this.#parts;
    const own = siblings && beginPart(coordinate, nodes, calls, this.#sharedCalls - sharedBefore);
    own && siblings.push(own);
    if (!isCompositeType(named)) {
      return { calls, objects: 0, values: 1, depth: 1, dearest: calls > 0 ? { path, calls, objects: 0 } : null };
    }
    const count = isListOf(field.type) ? (sizeByParent ?? size) : 1;
    const sizes = new Map(list?.sizedFields.map((name) => [name, size]));
    let inner = FREE;
    this.#parts = own?.parts ?? null;
    for (const type of isObjectType(named) ? [named] : this.#typesOf(named, field, nodes)) {
      for (const { selectionSet } of nodes) {
        this.#selections.add(selectionSet);
      }
      const selected = unlessWrong(
        () => collectSubfields(this.#schema, this.#fragments, this.#variables, type, nodes),
        NOTHING,
      );
      const isOnPage = sizeByParent !== null;
      const part = this.#selection(type, selected, { sizes, isOnPage }, `${path}.`);
      if (own) {
        own.count = count;
        const ofEach = this.#callsOfEntity(field, type, size) + (isOnPage ? 0 : this.#callsOfType(type));
        own.callsOfObjects = Math.max(own.callsOfObjects, count * ofEach);
      }
      // Each object has one of these types, so the most expensive type is the bound.
      inner = {
        calls: Math.max(inner.calls, part.calls + this.#callsOfEntity(field, type, size)),
        objects: Math.max(inner.objects, part.objects),
        values: Math.max(inner.values, part.values),
        depth: Math.max(inner.depth, part.depth),
        dearest: dearerOf(inner.dearest, part.dearest),
      };
    }
    this.#parts = siblings;
    const deeper = inner.dearest && {
      path: inner.dearest.path,
      calls: inner.dearest.calls * count,
      objects: inner.dearest.objects * count,
    };
    return {
      calls: calls + count * inner.calls,
      objects: count * (1 + inner.objects),
      values: count * inner.values,
      // The validation rule MaxIntrospectionDepth limits the depth of introspection.
      depth: isMeta ? 1 : 1 + inner.depth,
      dearest: dearerOf({ path, calls, objects: count }, deeper),
    };
  }

  #callsOf(coordinate: string, { calls, isShared, list }: FieldCost, field: Field, size: number): number {
    if (!isShared) {
      // A list may be tried before each record is read by its id.
      return list !== null && isByIds(field, list) ? calls * (size + 1) : calls;
    }
    if (!this.#sharedSeen.has(coordinate)) {
      this.#sharedSeen.add(coordinate);
      this.#sharedCalls += calls;
    }
    return 0;
  }

  /** The types that a field's objects may have: for the records that a router asks for, those that it names. */
  #typesOf(named: GraphQLAbstractType, field: Field, [node]: readonly FieldNode[]): readonly GraphQLObjectType[] {
    const types = this.#schema.getPossibleTypes(named);
    const { representations } = node === undefined ? {} : this.#argumentsOf(field, node);
    if (field.name !== "_entities" || !Array.isArray(representations)) {
      return types;
    }
    const names = new Set(representations.map((each: unknown) => Object(each)["__typename"] as unknown));
    return types.filter(({ name }) => names.has(name));
  }

  /** The calls for each record that a router asks for: one, and one for all of them if a list is tried before. */
  #callsOfEntity({ name }: Field, type: GraphQLObjectType, size: number): number {
    const isFree = name !== "_entities" || KEPT_HERE.has(type.name) || this.#callsOfType(type) > 0;
    return isFree ? 0 : (size + 1) / Math.max(1, size);
  }

  #argumentsOf(field: Field, node: FieldNode): Readonly<Record<string, unknown>> {
    return unlessWrong(() => getArgumentValues(field, node, this.#variables), {});
  }

  #callsOfType({ name }: GraphQLNamedType): number {
    return this.#costs.get(name)?.calls ?? 0;
  }

  /** The calls for each object of a page. They are made with the page, even if its objects are not selected. */
  #callsOfItems(page: GraphQLNamedType, { sizedFields }: ListSize): number {
    const fields = isObjectType(page) ? page.getFields() : {};
    const types = sizedFields.map((name) => fields[name] && getNamedType(fields[name].type));
    return Math.max(0, ...types.map((type) => (type === undefined ? 0 : this.#callsOfType(type))));
  }

  #sizeOf({ assumedSize, slicingArguments }: ListSize, field: Field, [node]: readonly FieldNode[]): number {
    if (node === undefined || slicingArguments.length === 0) {
      return assumedSize;
    }
    const values = this.#argumentsOf(field, node);
    const sizes = slicingArguments.map((name) => sizeSaid(values[name])).filter((size) => size !== null);
    return sizes.length === 0 ? assumedSize : Math.max(...sizes);
  }
}

/** A client chooses the names by aliases, and the answer repeats them for each object. */
function valuesOfName(name: string): number {
  return Math.floor(name.length / 100);
}

/** Fields of the query type that are not among its own. */
const META_FIELDS: ReadonlyMap<string, Field> = new Map(
  [SchemaMetaFieldDef, TypeMetaFieldDef].map((field) => [field.name, field]),
);

const NOTHING: ReadonlyMap<string, readonly FieldNode[]> = new Map();

/**
 * The page size or the length of a list in an argument; null if there is none. Negative sizes are refused later, by
 * paging.
 */
function sizeSaid(value: unknown): number | null {
  return Array.isArray(value) ? value.length : typeof value === "number" ? Math.max(0, value) : null;
}
