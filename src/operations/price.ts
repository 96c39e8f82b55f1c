import type { FieldNode } from "graphql";

/** The most that an operation can cost. */
export interface Price {
  /** Platform calls. */
  readonly calls: number;
  /** Objects of the answer, including those of lists and pages. */
  readonly objects: number;
}

/** A field of the operation, its path of response names, and its share of the price. */
export interface PricedField extends Price {
  readonly path: string;
}

export interface OperationPrice extends Price {
  /** The field with the largest share of the price; null for an operation that costs nothing. */
  readonly dearest: PricedField | null;
  /** The deepest nesting of fields. */
  readonly depth: number;
  /** Number of fields, fragments expanded. */
  readonly fields: number;
  /** Number of fields with an alias. */
  readonly aliases: number;
  readonly rootFields: number;
  /** Values in the answer that are no objects. A name of a hundred letters in the answer counts as one too. */
  readonly values: number;
}

/** The cost of a selection for each object. */
export type Subtotal = Pick<OperationPrice, "calls" | "objects" | "values" | "depth" | "dearest">;

export const FREE: Subtotal = { calls: 0, objects: 0, values: 0, depth: 0, dearest: null };
/** Of an operation that is not looked at to its end. */
export const BEYOND: OperationPrice = {
  calls: Number.POSITIVE_INFINITY,
  objects: Number.POSITIVE_INFINITY,
  depth: 0,
  fields: Number.POSITIVE_INFINITY,
  aliases: 0,
  rootFields: 0,
  values: Number.POSITIVE_INFINITY,
  dearest: null,
};

/** A field of an operation and what it adds to the price, for each object that it is a field of. */
export interface FieldPart {
  /** Its name in the answer. */
  readonly name: string;
  /** `Participant.groups` */
  readonly coordinate: string;
  readonly calls: number;
  /** Calls that it adds once, because all fields of the operation share their result. */
  readonly callsOnce: number;
  /** Its objects, and the calls to read them one by one. */
  count: number;
  callsOfObjects: number;
  /** The fields of its objects. Of an abstract type: those of each type that the objects may have. */
  readonly parts: FieldPart[];
}

export function beginPart(
  coordinate: string,
  [node]: readonly FieldNode[],
  calls: number,
  callsOnce: number,
): FieldPart {
  const name = node?.alias?.value ?? node?.name.value ?? "";
  return { name, coordinate, calls, callsOnce, count: 0, callsOfObjects: 0, parts: [] };
}

/** One platform call counts as much as a hundred objects, because it takes far longer. */
export function dearerOf(a: PricedField | null, b: PricedField | null): PricedField | null {
  if (a === null || b === null) {
    return a ?? b;
  }
  return b.calls * 100 + b.objects > a.calls * 100 + a.objects ? b : a;
}

/** In whole numbers, and without Infinity, which cannot be written as JSON. */
export function writable({ calls, objects }: Price): Price {
  return {
    calls: Math.min(Math.ceil(calls), Number.MAX_SAFE_INTEGER),
    objects: Math.min(Math.ceil(objects), Number.MAX_SAFE_INTEGER),
  };
}
