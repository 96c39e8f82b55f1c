import { InputError } from "../errors.ts";
import { type Id, type IdType, parseId } from "../ids.ts";

/** At most so many ids or numbers in one argument. */
const MOST_AT_ONCE = 100;

const examples: Partial<Record<IdType, string>> = {
  Contact: "co:…",
  PidjGroup: "gr:…",
  Series: "ts:…",
  Survey: "sv:…",
  PidjUser: "us:…",
  Participant: "participant:58",
  TextizenGroup: "group:72",
  Campaign: "campaign:12",
  Poll: "poll:3",
  PollQuestion: "question:3.9",
  PollResponse: "response:30",
  Mailing: "mailing:1",
  Job: "job:…",
};

/** The id if it is one of this type. Throws InputError, which names the argument, if it is not. */
export function requireId<Type extends IdType>(type: Type, argument: string, id: string): Id<Type> {
  const parsed = parseId(type, id);
  if (parsed === null) {
    throw new InputError(argument, `${argument} must be the id of a ${type}, such as ${examples[type]}.`);
  }
  return parsed;
}

/** The same for an optional argument. */
export function optionalId<Type extends IdType>(
  type: Type,
  argument: string,
  id: string | null | undefined,
): Id<Type> | null {
  return id === null || id === undefined ? null : requireId(type, argument, id);
}

/** Throws InputError if a list argument is longer than allowed. */
export function requireFew(argument: string, items: readonly unknown[]): void {
  if (items.length > MOST_AT_ONCE) {
    throw new InputError(argument, `${argument} must hold at most ${MOST_AT_ONCE} items.`);
  }
}
