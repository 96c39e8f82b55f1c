import { type DocumentNode, Kind, type OperationDefinitionNode, type TypeNode } from "graphql";
import { KEYED_INPUTS } from "../generated/facts.ts";

type Variables = Readonly<Record<string, unknown>>;

/** A key for one send or creation. Make it when the form is opened, and keep it until the person has seen the outcome. */
export function newIdempotencyKey(): string {
  // Not randomUUID, which pages without TLS lack.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The variables with a key in each input that takes one and has none, so that a retry of this very operation is
 * recognized. Such a key is lost with the page: make one with the form where that matters.
 */
export function withIdempotencyKeys<Given extends Variables>(document: DocumentNode, variables: Given): Given {
  const missing = (operationOf(document)?.variableDefinitions ?? []).flatMap(({ variable, type }) => {
    const value = variables[variable.name.value];
    const takesKey = (KEYED_INPUTS as readonly string[]).includes(nameOf(type));
    return takesKey && isObject(value) && !value["idempotencyKey"] ? [[variable.name.value, value] as const] : [];
  });
  const filled = missing.map(([name, value]) => [name, { ...value, idempotencyKey: newIdempotencyKey() }]);
  return filled.length === 0 ? variables : { ...variables, ...Object.fromEntries(filled) };
}

/** Whether every field of a mutation has its input in a variable with a key: then the same request does nothing twice. */
export function isKeyed(document: DocumentNode, variables: Variables): boolean {
  const fields = operationOf(document)?.selectionSet.selections ?? [];
  return fields.every(
    (field) =>
      field.kind === Kind.FIELD &&
      field.arguments?.length === 1 &&
      field.arguments.every(({ value }) => {
        const input = value.kind === Kind.VARIABLE ? variables[value.name.value] : null;
        return isObject(input) && typeof input["idempotencyKey"] === "string" && input["idempotencyKey"] !== "";
      }),
  );
}

/** The first operation of a document; the kit's have one each. */
export function operationOf({ definitions }: DocumentNode): OperationDefinitionNode | undefined {
  return definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}

function isObject(value: unknown): value is Variables {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
