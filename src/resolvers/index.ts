import type * as gql from "../generated/graphql.ts";
import * as attempt from "./attempt.ts";
import * as campaign from "./campaign.ts";
import * as completedPoll from "./completed-poll.ts";
import * as contact from "./contact.ts";
import * as contactMutations from "./contact-mutations.ts";
import * as conversation from "./conversation.ts";
import * as event from "./event.ts";
import * as group from "./group.ts";
import * as groupMutations from "./group-mutations.ts";
import * as job from "./job.ts";
import * as mailing from "./mailing.ts";
import * as message from "./message.ts";
import * as messagePreview from "./message-preview.ts";
import * as optOut from "./opt-out.ts";
import * as participant from "./participant.ts";
import * as participantMutations from "./participant-mutations.ts";
import * as peopleSearch from "./people-search.ts";
import * as person from "./person.ts";
import * as pidjTask from "./pidj-task.ts";
import * as pidjUser from "./pidj-user.ts";
import * as pidjUserMutations from "./pidj-user-mutations.ts";
import * as platformStatus from "./platform-status.ts";
import * as poll from "./poll.ts";
import * as pollResponse from "./poll-response.ts";
import * as receivedMessage from "./received-message.ts";
import * as schema from "./schema.ts";
import * as series from "./series.ts";
import * as ssoUrl from "./sso-url.ts";
import { Subscription } from "./subscription.ts";
import * as survey from "./survey.ts";
import * as viewer from "./viewer.ts";

/** Every resolver of the graph, one module for each schema file. */
export const resolvers: gql.Resolvers = {
  DateTime: schema.DateTime,
  EmailAddress: schema.EmailAddress,
  LocalDateTime: schema.LocalDateTime,
  PhoneNumber: schema.PhoneNumber,
  TimeZone: schema.TimeZone,
  URL: schema.URL,
  Node: schema.Node,
  Group: group.Group,
  Query: {
    ...schema.Query,
    ...attempt.Query,
    ...campaign.Query,
    ...completedPoll.Query,
    ...contact.Query,
    ...conversation.Query,
    ...event.Query,
    ...group.Query,
    ...job.Query,
    ...mailing.Query,
    ...messagePreview.Query,
    ...participant.Query,
    ...peopleSearch.Query,
    ...person.Query,
    ...pidjUser.Query,
    ...platformStatus.Query,
    ...poll.Query,
    ...pollResponse.Query,
    ...receivedMessage.Query,
    ...series.Query,
    ...survey.Query,
    ...viewer.Query,
  },
  Mutation: {
    ...attempt.Mutation,
    ...campaign.Mutation,
    ...contactMutations.Mutation,
    ...conversation.Mutation,
    ...groupMutations.Mutation,
    ...job.Mutation,
    ...mailing.Mutation,
    ...message.Mutation,
    ...optOut.Mutation,
    ...participantMutations.Mutation,
    ...pidjTask.Mutation,
    ...pidjUserMutations.Mutation,
    ...poll.Mutation,
    ...series.Mutation,
    ...ssoUrl.Mutation,
    ...survey.Mutation,
  },
  Subscription: { ...Subscription, ...job.Subscription },
  Attempt: attempt.Attempt,
  Campaign: campaign.Campaign,
  CompletedPoll: completedPoll.CompletedPoll,
  Contact: contact.Contact,
  Conversation: conversation.Conversation,
  ConversationMessage: conversation.ConversationMessage,
  InitiateSurveyPayload: survey.InitiateSurveyPayload,
  Job: job.Job,
  JobRow: job.JobRow,
  Mailing: mailing.Mailing,
  OutgoingMessage: conversation.OutgoingMessage,
  Participant: participant.Participant,
  Person: person.Person,
  PersonMatch: peopleSearch.PersonMatch,
  PersonMatchConnection: peopleSearch.PersonMatchConnection,
  PidjGroup: group.PidjGroup,
  PidjTask: pidjTask.PidjTask,
  PidjUser: pidjUser.PidjUser,
  PlatformStatus: platformStatus.PlatformStatus,
  Poll: poll.Poll,
  PollNonRespondent: poll.PollNonRespondent,
  PollResponse: pollResponse.PollResponse,
  ReceivedMessage: receivedMessage.ReceivedMessage,
  RemoveParticipantTokensPayload: participantMutations.RemoveParticipantTokensPayload,
  SentMessage: message.SentMessage,
  Series: series.Series,
  SetParticipantTokensPayload: participantMutations.SetParticipantTokensPayload,
  SubscribeToSeriesPayload: series.SubscribeToSeriesPayload,
  TextizenGroup: group.TextizenGroup,
};
