import {
  type ConstDirectiveNode,
  type DocumentNode,
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  valueFromASTUntyped,
} from "graphql";
import type { Caller } from "../access/caller.ts";
import { isScope, ROUTER_SCOPE, type Scope } from "../access/scopes.ts";
import type { Context } from "../context.ts";
import { ForbiddenError } from "../errors.ts";

/** Alternatives, as in `@requiresScopes`: each is a list of scopes that the caller must have together. */
type Requirement = readonly (readonly Scope[])[];

/** The scopes in the schema files, by type name and by `Type.field`. */
export interface Guards {
  /** Throws ForbiddenError if the caller lacks the scopes for records of the type. */
  requireType(type: string, caller: Caller): void;
  /** Whether the caller has the scopes for records of the type. */
  mayRead(type: string, caller: Caller): boolean;
  /** Checks the scopes of every field that has some before its resolver runs, by whatever path it is reached. */
  apply(schema: GraphQLSchema): void;
}

/**
 * Reads `@requiresScopes` (https://specs.apollo.dev/join/v0.5/ defines its form) from types and fields. A field needs
 * its own scopes and those of the type that it returns. An unknown scope is a mistake in the schema, and throws.
 */
export function readGuards(typeDefs: DocumentNode): Guards {
  const requirements = new Map<string, Requirement>();
  for (const definition of typeDefs.definitions) {
    if (!("fields" in definition) || !("directives" in definition)) {
      continue;
    }
    const type = definition.name.value;
    collect(requirements, type, definition.directives);
    for (const field of definition.fields ?? []) {
      collect(requirements, `${type}.${field.name.value}`, field.directives);
    }
  }

  const requirementOf = (...names: readonly string[]): readonly Requirement[] =>
    names.map((name) => requirements.get(name)).filter((requirement) => requirement !== undefined);

  return {
    requireType: (type, caller) => requireAll(requirementOf(type), caller),
    mayRead: (type, caller) => requirementOf(type).every((required) => isMet(required, caller)),
    apply: (schema) => {
      for (const type of Object.values(schema.getTypeMap())) {
        if (!isObjectType(type)) {
          continue;
        }
        for (const field of Object.values(type.getFields())) {
          const required = requirementOf(`${type.name}.${field.name}`, getNamedType(field.type).name);
          if (required.length > 0) {
            field.resolve = guarded(required, field.resolve ?? defaultFieldResolver);
            if (field.subscribe) {
              field.subscribe = guarded(required, field.subscribe);
            }
          }
        }
      }
    },
  };
}

function collect(
  requirements: Map<string, Requirement>,
  name: string,
  directives: readonly ConstDirectiveNode[] | undefined,
): void {
  const directive = directives?.find((each) => each.name.value === "requiresScopes");
  const argument = directive?.arguments?.find((each) => each.name.value === "scopes");
  if (argument !== undefined) {
    requirements.set(name, readScopes(valueFromASTUntyped(argument.value), name));
  }
}

function readScopes(value: unknown, place: string): Requirement {
  const isRequirement =
    Array.isArray(value) && value.every((scopes: unknown) => Array.isArray(scopes) && scopes.every(isKnown));
  if (!isRequirement) {
    throw new Error(`@requiresScopes of ${place} names a scope that does not exist: see src/access/scopes.ts`);
  }
  return value as Requirement;
}

function isKnown(scope: unknown): boolean {
  return scope === ROUTER_SCOPE || isScope(String(scope));
}

function guarded(
  required: readonly Requirement[],
  resolve: GraphQLFieldResolver<unknown, Context>,
): GraphQLFieldResolver<unknown, Context> {
  // The same callers ask again and again, and a caller's scopes never change.
  const admitted = new WeakSet<Caller>();
  return (source, args, context, info) => {
    if (!admitted.has(context.caller)) {
      requireAll(required, context.caller);
      admitted.add(context.caller);
    }
    return resolve(source, args, context, info);
  };
}

function isMet(alternatives: Requirement, { scopes }: Caller): boolean {
  return alternatives.some((together) => together.every((scope) => scopes.has(scope)));
}

function requireAll(required: readonly Requirement[], caller: Caller): void {
  for (const alternatives of required) {
    if (!isMet(alternatives, caller)) {
      throw new ForbiddenError(alternatives.map((together) => together.join(" and ")).join(", or "));
    }
  }
}
