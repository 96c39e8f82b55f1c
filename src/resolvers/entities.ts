import type { Context } from "../context.ts";
import { InputError } from "../errors.ts";
import { type IdType, typeOfId } from "../ids.ts";
import { parseE164 } from "../phone.ts";
import { personOf } from "./person.ts";
import { Node, readNode } from "./schema.ts";

/** What a router knows of a record: its type, and the value of one of its keys. */
type Representation = Readonly<Record<string, unknown>> | string | number | boolean | null;

/** The records that a router asks for, each by a promise of its own, so that one that fails does not fail the others. */
export function readEntities(
  _root: unknown,
  { representations }: { readonly representations: readonly Representation[] },
  context: Context,
): readonly Promise<unknown>[] {
  return representations.map((each, at) => readEntity(`representations.${at}`, each, context));
}

/** A record's id names its type, so its type need not be kept with it. */
export const Entity = { __resolveType: Node.__resolveType };

async function readEntity(argument: string, representation: Representation, context: Context): Promise<unknown> {
  const { __typename: type, id, phoneNumber } = Object(representation) as Readonly<Record<string, unknown>>;
  if (typeof type === "string") {
    context.requireType(type);
  }
  if (type === "Person" && phoneNumber !== undefined) {
    const number = typeof phoneNumber === "string" ? parseE164(phoneNumber) : null;
    if (number === null) {
      throw new InputError(
        argument,
        `${argument}: phoneNumber must be a telephone number in E.164, such as +14155551212.`,
      );
    }
    return personOf(number);
  }
  if (typeof id !== "string" || typeOfId(id) !== (type as IdType)) {
    throw new InputError(
      argument,
      `${argument} must have the __typename of an entity, and the id of a record of that type.`,
    );
  }
  return readNode(argument, id, context);
}
