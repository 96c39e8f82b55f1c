import { GraphQLError } from "graphql";

/**
 * The result, or `otherwise` if a variable's value is wrong in its place: null where the field or directive takes none.
 * Then graphql-js executes nothing there either, and the rest of the operation has its price all the same.
 */
export function unlessWrong<Value>(read: () => Value, otherwise: Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof GraphQLError) {
      return otherwise;
    }
    throw error;
  }
}
