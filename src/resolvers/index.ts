import type * as gql from "../generated/graphql.ts";
import * as campaign from "./campaign.ts";
import * as contact from "./contact.ts";
import * as group from "./group.ts";
import * as mailing from "./mailing.ts";
import * as participant from "./participant.ts";
import * as person from "./person.ts";
import * as pidjUser from "./pidj-user.ts";
import * as platformStatus from "./platform-status.ts";
import * as poll from "./poll.ts";
import * as pollResponse from "./poll-response.ts";
import * as schema from "./schema.ts";
import * as series from "./series.ts";
import * as survey from "./survey.ts";

/** Every resolver of the graph, one module a schema file. */
export const resolvers: gql.Resolvers = {
  DateTime: schema.DateTime,
  PhoneNumber: schema.PhoneNumber,
  Node: schema.Node,
  Group: group.Group,
  Query: {
    ...schema.Query,
    ...campaign.Query,
    ...contact.Query,
    ...group.Query,
    ...mailing.Query,
    ...participant.Query,
    ...person.Query,
    ...pidjUser.Query,
    ...platformStatus.Query,
    ...poll.Query,
    ...pollResponse.Query,
    ...series.Query,
    ...survey.Query,
  },
  Campaign: campaign.Campaign,
  Contact: contact.Contact,
  Mailing: mailing.Mailing,
  Participant: participant.Participant,
  Person: person.Person,
  PidjGroup: group.PidjGroup,
  Poll: poll.Poll,
  PollResponse: pollResponse.PollResponse,
  Series: series.Series,
  TextizenGroup: group.TextizenGroup,
};
