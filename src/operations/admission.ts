import { type DocumentNode, type GraphQLSchema, type OperationDefinitionNode, visit } from "graphql";
import type { BucketLimits, CallerBuckets } from "../access/buckets.ts";
import type { Caller } from "../access/caller.ts";
import type { MeterLimits } from "../meter.ts";
import { type Failure, rateLimited, tooCostly } from "./failures.ts";
import { type OperationPrice, type Price, writable } from "./price.ts";
import { type PricedOperation, pricedOperation } from "./priced-operation.ts";
import { errorsOfVariables } from "./variables.ts";

/** Limits of one operation, and of one caller in a minute. */
export interface AdmissionLimits {
  /** Limits of one operation. */
  readonly calls: number;
  readonly objects: number;
  /** Limit of a caller whose key has none of its own. */
  readonly callsPerMinute: number;
  /** Of every caller. */
  readonly objectsPerMinute: number;
}

export interface AdmissionOptions {
  readonly schema: GraphQLSchema;
  readonly price: (operation: PricedOperation) => OperationPrice;
  readonly limits: AdmissionLimits;
  readonly buckets: { readonly calls: CallerBuckets; readonly objects: CallerBuckets };
}

const MOST_DEPTH = 15;
const MOST_ROOT_FIELDS = 100;
const MOST_ALIASES = 100;
/** Values that an answer may have for each object that it may have: more than most records have fields. */
const VALUES_PER_OBJECT = 10;
/** Prices that are remembered of one operation, for different values of its variables. */
const MOST_PRICES = 100;
/** The price of longer values of variables is not remembered, so that a client cannot fill the memory with them. */
const MOST_KEY_CHARACTERS = 500;
/** Of a path in a message: a client chooses its names. */
const MOST_PATH_CHARACTERS = 500;
/** Share of a minute's calls and objects that a caller may use at once. */
const AT_ONCE = 0.2;

/** An operation may cost this many times its price: lengths of lists without a page size are assumed. */
const SLACK = 3;
/** Added to that for operations with a small price, because of retries and sign-ins. */
const MORE = { calls: 10, objects: 100 };

/** What was charged for an operation before it runs. */
export interface Charge {
  readonly asked: Price;
  /** The first call returns what was not used to the caller's buckets, or takes what was used in addition. */
  settle(actual: Price): void;
  /** What the caller has left now; null for a caller without limits. */
  left(): CostLeft | null;
}

export interface CostLeft {
  readonly left: Price;
  readonly restoredPerSecond: Price;
}

/** Decides by an operation's price whether it may run. */
export class Admission {
  readonly #options: AdmissionOptions;
  /** By operation, then by the values of the variables that its price depends on. */
  readonly #prices = new WeakMap<OperationDefinitionNode, KnownPrices>();
  readonly #limits = new WeakMap<Caller, readonly [calls: BucketLimits, objects: BucketLimits]>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** The most that the operation can cost; null if its variables are wrong, because then it is not executed. */
  price(document: DocumentNode, definition: OperationDefinitionNode, variables: Variables): OperationPrice | null {
    let known = this.#prices.get(definition);
    if (known === undefined) {
      known = { names: decidingVariables(document), byValues: new Map(), checked: new WeakSet() };
      this.#prices.set(definition, known);
    }
    if (!known.checked.has(variables)) {
      if (errorsOfVariables(this.#options.schema, definition, variables).length > 0) {
        return null;
      }
      known.checked.add(variables);
    }
    const key =
      known.names.length === 0
        ? ""
        : JSON.stringify(known.names.map((name) => [Object.hasOwn(variables, name), variables[name]]));
    let price = known.byValues.get(key) ?? null;
    if (price === null) {
      price = this.#compute(document, definition, variables);
      if (price !== null && key.length <= MOST_KEY_CHARACTERS) {
        if (known.byValues.size >= MOST_PRICES) {
          known.byValues.clear();
        }
        known.byValues.set(key, price);
      }
    }
    return price;
  }

  /** Why the operation is refused for every caller; null if it is not. */
  refusal(price: OperationPrice): Failure | null {
    return refusalOf(price, this.#options.limits);
  }

  /** Charges the price to the caller's buckets, or says when there will be enough. */
  charge(caller: Caller, price: Price): Charge | Failure | Promise<Charge | Failure> {
    // Introspection has a fraction of an object as its price.
    const asked = { calls: price.calls, objects: Math.ceil(price.objects) };
    if (caller.isAnonymous) {
      return { asked, settle: () => undefined, left: () => null };
    }
    const { calls, objects } = this.#options.buckets;
    const [ofCalls, ofObjects] = this.#limitsOf(caller);
    const waitForCalls = calls.take(caller.id, asked.calls, ofCalls);
    const waitForObjects = objects.take(caller.id, asked.objects, ofObjects);
    // Of buckets in memory it is known at once.
    return typeof waitForCalls === "number" && typeof waitForObjects === "number"
      ? this.#charged(caller, asked, waitForCalls, waitForObjects)
      : Promise.all([waitForCalls, waitForObjects]).then((waits) => this.#charged(caller, asked, ...waits));
  }

  #charged(caller: Caller, asked: Price, waitForCalls: number, waitForObjects: number): Charge | Failure {
    const { calls, objects } = this.#options.buckets;
    const [ofCalls, ofObjects] = this.#limitsOf(caller);
    if (waitForCalls > 0 || waitForObjects > 0) {
      calls.giveBack(caller.id, waitForCalls > 0 ? 0 : asked.calls, ofCalls);
      objects.giveBack(caller.id, waitForObjects > 0 ? 0 : asked.objects, ofObjects);
      return waitForCalls > 0 ? rateLimited(waitForCalls, "platform calls") : rateLimited(waitForObjects, "objects");
    }
    let isSettled = false;
    return {
      asked,
      settle: (actual) => {
        if (!isSettled) {
          isSettled = true;
          calls.giveBack(caller.id, asked.calls - actual.calls, ofCalls);
          objects.giveBack(caller.id, asked.objects - actual.objects, ofObjects);
        }
      },
      left: () => ({
        left: { calls: calls.left(caller.id, ofCalls), objects: objects.left(caller.id, ofObjects) },
        restoredPerSecond: { calls: ofCalls.perMinute / 60, objects: ofObjects.perMinute / 60 },
      }),
    };
  }

  #limitsOf(caller: Caller): readonly [calls: BucketLimits, objects: BucketLimits] {
    let both = this.#limits.get(caller);
    if (both === undefined) {
      const { callsPerMinute, objectsPerMinute } = this.#options.limits;
      const limits = (perMinute: number) => ({ perMinute, atOnce: perMinute * AT_ONCE });
      both = [limits(caller.callsPerMinute ?? callsPerMinute), limits(objectsPerMinute)];
      this.#limits.set(caller, both);
    }
    return both;
  }

  #compute(document: DocumentNode, definition: OperationDefinitionNode, variables: Variables): OperationPrice | null {
    const priced = pricedOperation(this.#options.schema, document, definition, variables);
    return priced && this.#options.price(priced);
  }
}

/** Why the operation is refused for every caller; null if it is not. */
export function refusalOf(price: OperationPrice, { calls, objects }: Price): Failure | null {
  if (price.calls > calls || price.objects > objects) {
    return tooCostly(priceSentence(price, { calls, objects }), { asked: writable(price), allowed: { calls, objects } });
  }
  const mostValues = VALUES_PER_OBJECT * objects;
  if (price.values > mostValues) {
    return tooCostly(
      `This operation may return up to ${shownNumber(price.values)} values; ${shownNumber(mostValues)} are allowed. ` +
        "Ask for smaller pages, for fewer fields of their records, or by shorter names.",
    );
  }
  if (price.depth > MOST_DEPTH) {
    return tooCostly(`This operation nests ${price.depth} fields; ${MOST_DEPTH} are allowed.`);
  }
  const { rootFields, aliases } = price;
  if (rootFields > MOST_ROOT_FIELDS) {
    return tooCostly(`This operation has ${shownNumber(rootFields)} root fields; ${MOST_ROOT_FIELDS} are allowed.`);
  }
  return aliases > MOST_ALIASES
    ? tooCostly(`This operation has ${shownNumber(aliases)} aliases; ${MOST_ALIASES} are allowed.`)
    : null;
}

/** What an operation that has been charged may cost before it is stopped. */
export function limitsOf({ calls, objects }: Price, price: OperationPrice): MeterLimits {
  return {
    calls: SLACK * calls + MORE.calls,
    objects: SLACK * objects + MORE.objects,
    valuesPerObject: price.values / Math.max(1, price.objects),
  };
}

type Variables = Readonly<Record<string, unknown>>;

interface KnownPrices {
  readonly names: readonly string[];
  readonly byValues: Map<string, OperationPrice>;
  /** Variables without errors. The transports read equal bodies into the same object. */
  readonly checked: WeakSet<Variables>;
}

/** Page sizes and ids. Other arguments change which rows are shown, and not how many at most. */
const SIZING_ARGUMENTS: ReadonlySet<string> = new Set(["first", "last", "ids", "phoneNumbers", "representations"]);

/** The variables that the price depends on: those of page sizes and ids, and of `@skip` and `@include`. */
function decidingVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  const collect = { Variable: ({ name }: { readonly name: { readonly value: string } }) => void names.add(name.value) };
  visit(document, {
    Directive: (node) => void visit(node, collect),
    Argument: (node) => {
      if (SIZING_ARGUMENTS.has(node.name.value)) {
        visit(node, collect);
      }
    },
  });
  return [...names];
}

function shownNumber(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function priceSentence(price: OperationPrice, allowed: Price): string {
  if (price.dearest === null) {
    return "This operation has more fields than any can have, fragments written out: ask for less in one operation.";
  }
  const what = price.calls > allowed.calls ? "calls" : "objects";
  const unit = what === "calls" ? "platform calls" : "objects";
  return (
    `This operation may cost up to ${shownNumber(price[what])} ${unit}; ${shownNumber(allowed[what])} are allowed. ` +
    `${price.dearest.path.slice(0, MOST_PATH_CHARACTERS)} costs most: ask for a smaller page there, or leave it out.`
  );
}
