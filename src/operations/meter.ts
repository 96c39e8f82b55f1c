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
import { takeTurn } from "../event-loop.ts";

/**
 * Makes every field that returns objects count them before they are completed, and every list and resolver
 * wait for a turn of the event loop that has room for it: graphql-js completes all that is there in one go, without regard
 * to a deadline or an abort signal.
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

/** Values of a record are completed with their list; a resolver of its own may read something. */
function metered(resolve: Resolver): Resolver {
  if (resolve === defaultFieldResolver) {
    return (source, args, context, info) => {
      context.meter.count(1);
      return resolve(source, args, context, info);
    };
  }
  return (source, args, context, info) => {
    const turn = takeTurn(context.meter.millisecondsForResolver, context.meter.line);
    if (turn === null) {
      context.meter.count(1);
      return resolve(source, args, context, info);
    }
    return turn.then(() => {
      context.meter.count(1);
      return resolve(source, args, context, info);
    });
  };
}

function meteredList(resolve: Resolver): Resolver {
  return (source, args, context, info) => {
    const list: unknown = resolve(source, args, context, info);
    return list instanceof Promise ? list.then((items) => admit(items, context)) : admit(list, context);
  };
}

/** More items are completed in slices. */
const SLICE = 500;

function admit(list: unknown, context: Context): unknown {
  if (!Array.isArray(list)) {
    return list;
  }
  const { meter } = context;
  if (list.length > SLICE) {
    meter.count(list.length);
    catchAll(list);
    return inSlices(list, meter);
  }
  const turn = takeTurn(meter.millisecondsFor(list.length), meter.line);
  if (turn === null) {
    meter.count(list.length);
    return list;
  }
  catchAll(list);
  return turn.then(() => {
    meter.count(list.length);
    return list;
  });
}

/** An item may fail before graphql-js has a handler for it; the handler is still called. */
function catchAll(list: readonly unknown[]): void {
  for (const item of list) {
    if (item instanceof Promise) {
      item.catch(() => undefined);
    }
  }
}

/** graphql-js completes each item of an async list before it asks for the next one. */
async function* inSlices(list: readonly unknown[], meter: Context["meter"]): AsyncGenerator<unknown, void> {
  for (const [at, item] of list.entries()) {
    if (at % SLICE === 0) {
      await takeTurn(meter.millisecondsFor(SLICE), meter.line);
      // Stops the list when the operation's time is over.
      meter.count(0);
    }
    yield item;
  }
}
