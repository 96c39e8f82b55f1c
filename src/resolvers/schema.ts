import type { Context } from "../context.ts";
import { InputError } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import { type Id, type IdType, numberOf, typeOfId } from "../ids.ts";
import { requireFew } from "./arguments.ts";
import { personOf } from "./person.ts";

export { DateTime, EmailAddress, LocalDateTime, PhoneNumber, TimeZone, URL } from "./scalars.ts";

/** Types with an id that cannot be read by it are no nodes. */
type NodeType = Exclude<IdType, "PollQuestion" | "PollOption" | "PidjTask" | "TextizenUser">;
type NodeResult = Awaited<gql.ResolversTypes["Node"]> | null;

export const Query = {
  node: (_root, { id }, context) => readNode("id", id, context),
  nodes: (_root, { ids }, context) => {
    requireFew("ids", ids);
    // One promise for each id, so that one that fails does not fail the others. The generated type does not allow
    // promises of null.
    return ids.map((id, at) => readNode(`ids.${at}`, id, context) as gql.ResolversTypes["Node"]);
  },
} satisfies gql.QueryResolvers;

/** The id's prefix names the type, so records need no type of their own. */
export const Node = {
  __resolveType: ({ id }: { readonly id: string }) => typeOfId(id) as NodeType,
};

/** `argument` names the id in errors. */
export async function readNode(argument: string, id: string, context: Context): Promise<NodeResult> {
  const { pidj, textizen, events, conversations } = context;
  const type = typeOfId(id);
  // The schema cannot say it: `Node` is of any type.
  if (type !== null) {
    context.requireType(type);
  }
  const as = <Type extends IdType>(_type: Type) => id as Id<Type>;
  switch (type) {
    case "Person":
      return personOf(numberOf(as(type)));
    case "Contact":
      return pidj.contactRow(as(type));
    case "PidjGroup":
      return (await pidj.groups()).get(id);
    case "Series":
      return (await pidj.series()).get(id);
    case "Survey":
      return (await pidj.surveys()).get(id);
    case "PidjUser":
      return pidj.user(as(type));
    case "Participant":
      return textizen.participant.row(as(type));
    case "TextizenGroup":
      return textizen.group.row(as(type));
    case "Campaign":
      return textizen.campaign.row(as(type));
    case "Poll":
      return textizen.poll.row(as(type));
    case "Mailing":
      return textizen.mailing(as(type));
    case "PollResponse":
      return textizen.response(as(type));
    case "ReceivedMessage":
      return events.message(as(type));
    case "OutgoingMessage":
      return conversations.outgoing(as(type));
    case "Conversation":
      return conversations.find(numberOf(as(type)));
    case "CompletedPoll":
      return events.completedPoll(as(type));
    case "Job":
      return context.services.jobs.find(as(type));
    case "PollQuestion":
    case "PollOption":
    case "PidjTask":
    case "TextizenUser":
    case null:
      throw new InputError(
        argument,
        `${argument} must be an id that this graph gave, such as participant:58 or co:…, of something that can be read by its id alone.`,
      );
    default:
      return type satisfies never;
  }
}
