import type { DocumentNode, GraphQLSchema } from "graphql";
import { type AdmissionLimits, refusalOf } from "./admission.ts";
import type { Costs, FieldCost } from "./costs.ts";
import type { Operation } from "./operation.ts";
import { type FieldPart, type Price, type PricedField, writable } from "./price.ts";
import { pricedOperation } from "./priced-operation.ts";
import { createPricer } from "./pricing.ts";
import { CALLS_OF, type CallName, KEPT_LISTS } from "./routes.ts";

/** What an operation may cost, and which of its fields does. Sign-ins and repeated attempts are not counted. */
export interface Plan {
  readonly kind: "query" | "mutation" | "subscription";
  /** Null for an operation without a name. */
  readonly name: string | null;
  /** The most that it can cost; of a subscription, each event. */
  readonly atMost: Price;
  /** The most while all lists that it reads are kept. A mutation reads them anew. */
  readonly warm: Price;
  readonly allowed: Price;
  /** Why it would be refused; null if it would run. */
  readonly refused: string | null;
  /** The field to leave out, or to ask for less of, first; null for an operation that costs nothing. */
  readonly dearest: PricedField | null;
  /** Fields with calls or objects, and those above them. */
  readonly fields: readonly PlannedField[];
}

export interface PlannedField {
  /** Its name in the answer. */
  readonly name: string;
  /** `Participant.groups` */
  readonly field: string;
  /** What it may call. Empty for a field whose calls another field makes, and for one without any. */
  readonly calls: readonly CallName[];
  /** For how many objects it is asked for at most. */
  readonly times: number;
  /** Its own calls at most, in the whole operation; those of its fields are said there. */
  readonly atMost: Price;
  readonly warm: Price;
  readonly fields: readonly PlannedField[];
}

/** The plan of an operation, which is not run; null if its variables are wrong. */
export type Explain = (operation: Pick<Operation, "document" | "definition" | "variables">) => Plan | null;

/** A client chooses the names by aliases and repeats them by fragments. */
const MOST_NAME_CHARACTERS = 100;
const MOST_PATH_CHARACTERS = 500;

/** Explains by the walk that prices every operation: once by the schema's costs, and once as if all lists were kept. */
export function createExplain(
  schema: GraphQLSchema,
  typeDefs: DocumentNode,
  limits: Pick<AdmissionLimits, "calls" | "objects">,
): Explain {
  const priceCold = createPricer(schema, typeDefs);
  const priceWarm = createPricer(schema, typeDefs, whileListsAreKept);
  return ({ document, definition, variables }) => {
    const priced = pricedOperation(schema, document, definition, variables);
    if (priced === null) {
      return null;
    }
    const [coldParts, warmParts]: [FieldPart[], FieldPart[]] = [[], []];
    const cold = priceCold(priced, coldParts);
    // A write changes lists, which are then read anew.
    const warm = definition.operation === "mutation" ? cold : priceWarm(priced, warmParts);
    const fields =
      cold.fields === Number.POSITIVE_INFINITY ? [] : planned(coldParts, warm === cold ? coldParts : warmParts, 1);
    return {
      kind: definition.operation,
      name: definition.name?.value ?? null,
      atMost: writable(cold),
      warm: writable(warm),
      allowed: { calls: limits.calls, objects: limits.objects },
      refused: refusalOf(cold, limits)?.message ?? null,
      dearest: cold.dearest && { path: cold.dearest.path.slice(0, MOST_PATH_CHARACTERS), ...writable(cold.dearest) },
      fields,
    };
  };
}

/** Both walks visit the same fields in the same order. */
function planned(cold: readonly FieldPart[], warm: readonly FieldPart[], times: number): readonly PlannedField[] {
  return cold.flatMap((part, at) => {
    const kept = warm[at] ?? part;
    const atMost = ownPrice(part, times);
    const fields = planned(part.parts, kept.parts, times * part.count);
    // The first field that reads a shared list has its call, also within a page that is empty.
    if (atMost.calls === 0 && part.count === 0 && fields.length === 0) {
      return [];
    }
    return {
      name: part.name.slice(0, MOST_NAME_CHARACTERS),
      field: part.coordinate,
      calls: atMost.calls === 0 ? [] : callsOf(part),
      times,
      atMost,
      warm: ownPrice(kept, times),
      fields,
    };
  });
}

function ownPrice({ calls, callsOnce, callsOfObjects, count }: FieldPart, times: number): Price {
  return writable({ calls: times * (calls + callsOfObjects) + callsOnce, objects: times * count });
}

function callsOf({ coordinate, callsOfObjects }: FieldPart): readonly CallName[] {
  const named = CALLS_OF.get(coordinate) ?? [];
  return named.length === 0 && callsOfObjects > 0 ? (CALLS_OF.get("Contact") ?? []) : named;
}

function whileListsAreKept(costs: Costs): Costs {
  return new Map([...costs].map(([coordinate, cost]) => [coordinate, whileKept(coordinate, cost)]));
}

/** No more than the calls for single records remain. */
function whileKept(coordinate: string, cost: FieldCost): FieldCost {
  const names = CALLS_OF.get(coordinate) ?? [];
  const single = names.filter((name) => !KEPT_LISTS.has(name)).length;
  return { ...cost, calls: Math.min(cost.calls, single) };
}
