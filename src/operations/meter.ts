import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import type { Context } from "../context.ts";
import { yieldIfDue } from "../event-loop.ts";

/**
 * Makes every field that returns objects count them before they are completed, and every list let the event loop turn
 * if it was held for too long: graphql-js completes a list in one go, without regard to a deadline or an abort signal.
 * Throws what `Meter.count` throws, at the field's path.
 */
export function meterFields(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) {
      continue;
    }
    for (const field of Object.values(type.getFields())) {
      if (isCompositeType(getNamedType(field.type))) {
        const isList = isListType(isNonNullType(field.type) ? field.type.ofType : field.type);
        const resolve = field.resolve ?? defaultFieldResolver;
        field.resolve = isList ? meteredList(resolve) : metered(resolve);
      }
    }
  }
}

type Resolver = GraphQLFieldResolver<unknown, Context>;

function metered(resolve: Resolver): Resolver {
  return (source, args, context, info) => {
    context.meter.count(1);
    return resolve(source, args, context, info);
  };
}

function meteredList(resolve: Resolver): Resolver {
  return (source, args, context, info) => {
    const list: unknown = resolve(source, args, context, info);
    return list instanceof Promise ? list.then((items) => admit(items, context)) : admit(list, context);
  };
}

function admit(list: unknown, context: Context): unknown {
  if (!Array.isArray(list)) {
    return list;
  }
  context.meter.count(list.length);
  const due = yieldIfDue();
  if (due === null) {
    return list;
  }
  for (const item of list) {
    // An item may fail before graphql-js has a handler for it; the handler is still called.
    if (item instanceof Promise) {
      item.catch(() => undefined);
    }
  }
  return waitForTurn(due).then(() => list);
}

/** Several lists wait for the same turn, and others may have used it up. */
async function waitForTurn(first: Promise<void>): Promise<void> {
  for (let due: Promise<void> | null = first; due !== null; due = yieldIfDue()) {
    await due;
  }
}
