import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  type GraphQLUnionType,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isUnionType,
} from "graphql";
import { type Pick, seeded } from "./chance.ts";

/** What a client sends. */
export interface Operation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What arguments are drawn from. */
export interface ArgumentValues {
  /** By the name of the type that they name a record of: `Participant`. */
  readonly ids: Readonly<Record<string, readonly string[]>>;
  readonly numbers: readonly string[];
  /** Cursors of any list, good and bad. */
  readonly cursors: readonly string[];
  /** What names and titles are searched for. */
  readonly texts: readonly string[];
}

// Two executions of these never give the same.
const VOLATILE: ReadonlySet<string> = new Set([
  "checkedAt",
  "latencyMilliseconds",
  "seenAt",
  "eventCursor",
  "platformFailures",
]);
const DEEPEST = 4;
const COUNTS = [0, 1, 2, 3, 5, 8, 20, 100, null, -1, 101];

/** Draws valid queries of a schema: fields, aliases, fragments, variables, directives, and arguments good and bad. */
export class RandomOperations {
  readonly #schema: GraphQLSchema;
  readonly #values: ArgumentValues;
  readonly #pick: Pick;
  #variables = new Map<string, { type: string; value: unknown; isLeftOut: boolean }>();
  #fragments: string[] = [];
  #names = 0;

  constructor(schema: GraphQLSchema, values: ArgumentValues, seed: number) {
    this.#schema = schema;
    this.#values = values;
    this.#pick = seeded(seed);
  }

  next(): Operation {
    this.#variables = new Map();
    this.#fragments = [];
    this.#names = 0;
    const query = this.#schema.getQueryType();
    if (!query) {
      throw new Error("a schema without queries");
    }
    const selections = this.#fields(query, 1 + this.#pick(3), 0, false);
    const declared = [...this.#variables].map(([name, { type }]) => `$${name}: ${type}`).join(", ");
    const head = declared === "" ? "query" : `query Random(${declared})`;
    const given = [...this.#variables].filter(([, { isLeftOut }]) => !isLeftOut);
    return {
      query: [`${head} { ${selections} }`, ...this.#fragments].join("\n"),
      variables: Object.fromEntries(given.map(([name, { value }]) => [name, value])),
    };
  }

  #fields(type: GraphQLCompositeType, count: number, depth: number, isShared: boolean): string {
    const fields = isUnionType(type) ? [] : Object.values(type.getFields()).filter((field) => this.#fits(field, depth));
    const chosen = Array.from({ length: fields.length === 0 ? 0 : count }, () => {
      const field = this.#oneOf(fields);
      return this.#chance(6)
        ? this.#inFragment(type, this.#field(field, depth, isShared))
        : this.#field(field, depth, isShared);
    });
    const own = chosen.length === 0 || this.#chance(8) ? ["__typename", ...chosen] : chosen;
    if (!isAbstractType(type)) {
      return own.join(" ");
    }
    // Two types may give one name different meanings, so what is asked of each gets names of its own.
    const possible = this.#schema.getPossibleTypes(type);
    const narrowed = Array.from({ length: 1 + this.#pick(3) }, () => this.#oneOf(possible));
    return [...own, ...narrowed.map((each) => `... on ${each.name} { ${this.#fields(each, 2, depth, true)} }`)].join(
      " ",
    );
  }

  #fits({ name, type }: GraphQLField<unknown, unknown>, depth: number): boolean {
    return !VOLATILE.has(name) && (depth < DEEPEST || isLeafType(getNamedType(type)));
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number, isShared: boolean): string {
    const args = field.args.flatMap((arg) => this.#argument(field, arg));
    const type = getNamedType(field.type);
    // Without arguments or another meaning, a field may well be asked for twice: the selections merge.
    const alias = isShared || field.args.length > 0 || this.#chance(5) ? `${this.#name("a")}: ` : "";
    const selections = isCompositeType(type)
      ? ` { ${this.#fields(type, 1 + this.#pick(4), depth + 1, isShared)} }`
      : "";
    return `${alias}${field.name}${args.length > 0 ? `(${args.join(", ")})` : ""}${this.#directive()}${selections}`;
  }

  #inFragment(type: GraphQLCompositeType, selections: string): string {
    if (this.#chance(2)) {
      return `... on ${type.name}${this.#directive()} { ${selections} }`;
    }
    const name = this.#name("F");
    this.#fragments.push(`fragment ${name} on ${type.name} { ${selections} }`);
    return `...${name}`;
  }

  #directive(): string {
    if (!this.#chance(12)) {
      return "";
    }
    const condition = this.#chance(2) ? String(this.#chance(2)) : this.#variable("Boolean!", this.#chance(2), false);
    return ` @${this.#chance(2) ? "include" : "skip"}(if: ${condition})`;
  }

  #argument(field: GraphQLField<unknown, unknown>, { name, type }: GraphQLArgument): string[] {
    if (!isNonNullType(type) && !this.#chance(name === "filter" || name === "orderBy" ? 3 : 4)) {
      return [];
    }
    const value = this.#value(type, name, getNamedType(field.type).name);
    const text = this.#chance(3)
      ? this.#variable(String(type), value, !isNonNullType(type) && this.#chance(5))
      : printValue(value, type);
    return [`${name}: ${text}`];
  }

  #variable(type: string, value: unknown, isLeftOut: boolean): string {
    const name = this.#name("v");
    this.#variables.set(name, { type, value, isLeftOut });
    return `$${name}`;
  }

  #value(type: GraphQLInputType, name: string, returned: string): unknown {
    if (isNonNullType(type)) {
      return this.#value(type.ofType, name, returned) ?? this.#value(type, name, returned);
    }
    if (this.#chance(12)) {
      return null;
    }
    if (isListType(type)) {
      const item = type.ofType;
      return Array.from({ length: this.#pick(9) }, () => this.#value(item, name, returned));
    }
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || this.#chance(2));
      return Object.fromEntries(fields.map((field) => [field.name, this.#value(field.type, field.name, returned)]));
    }
    return isEnumType(type) ? this.#oneOf(type.getValues()).name : this.#scalar(type.name, name, returned);
  }

  #scalar(type: string, name: string, returned: string): unknown {
    switch (type) {
      case "Int":
        return this.#oneOf(COUNTS);
      case "Boolean":
        return this.#chance(2);
      case "ID":
        return this.#id(name, returned);
      case "PhoneNumber":
        return this.#oneOf(this.#values.numbers);
      case "_Any":
        return this.#representation();
      default:
        return this.#oneOf(name === "after" || name === "before" ? this.#values.cursors : this.#values.texts);
    }
  }

  /** Mostly of the type that is meant. */
  #id(name: string, returned: string): string {
    const named = name.endsWith("Id") ? `${name[0]?.toUpperCase()}${name.slice(1, -2)}` : returned;
    const fitting = this.#values.ids[named];
    const all = Object.values(this.#values.ids);
    return this.#oneOf(fitting === undefined || this.#chance(10) ? this.#oneOf(all) : fitting);
  }

  /** What a router names an object by. */
  #representation(): object {
    const type = this.#oneOf(this.#schema.getPossibleTypes(this.#schema.getType("_Entity") as GraphQLUnionType));
    return this.#chance(4) && type.name === "Person"
      ? { __typename: type.name, phoneNumber: this.#oneOf(this.#values.numbers) }
      : { __typename: type.name, id: this.#id("id", type.name) };
  }

  #name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  #oneOf<Item>(items: readonly Item[]): Item {
    return items[this.#pick(items.length)] as Item;
  }

  /** One time in so many. */
  #chance(times: number): boolean {
    return this.#pick(times) === 0;
  }
}

/** GraphQL's own notation: that of JSON but for the names of members and enum values. */
function printValue(value: unknown, type: GraphQLInputType): string {
  const inner = isNonNullType(type) ? type.ofType : type;
  if (Array.isArray(value) && isListType(inner)) {
    return `[${value.map((item) => printValue(item, inner.ofType)).join(", ")}]`;
  }
  if (typeof value === "object" && value !== null && isInputObjectType(inner)) {
    const fields = inner.getFields();
    const members = Object.entries(value).map(
      ([name, member]) => `${name}: ${printValue(member, (fields[name] as GraphQLArgument).type)}`,
    );
    return `{ ${members.join(", ")} }`;
  }
  if (typeof value === "object" && value !== null) {
    return `{ ${Object.entries(value)
      .map(([name, member]) => `${name}: ${JSON.stringify(member)}`)
      .join(", ")} }`;
  }
  return isEnumType(inner) && value !== null ? String(value) : JSON.stringify(value);
}
