import type { Platform } from "../errors.ts";
import type { Route } from "../rest/exchange.ts";

/** A platform's call by its name: `PIDJ GET /groups`. */
export type CallName = `${Platform} ${Route}`;

/** The calls whose lists are kept for all operations: while they are, no field makes them. */
export const KEPT_LISTS: ReadonlySet<CallName> = new Set<CallName>([
  "PIDJ GET /contacts",
  "PIDJ GET /groups",
  "PIDJ GET /series",
  "PIDJ GET /surveys",
  "TEXTIZEN GET /api/campaigns",
  "TEXTIZEN GET /api/groups",
  "TEXTIZEN GET /api/participants",
  "TEXTIZEN GET /api/polls",
]);

const CONTACT: readonly CallName[] = ["PIDJ GET /contact/{id}"];
const PIDJ_GROUPS: readonly CallName[] = ["PIDJ GET /groups"];
const SERIES: readonly CallName[] = ["PIDJ GET /series"];
const SURVEYS: readonly CallName[] = ["PIDJ GET /surveys"];
const PIDJ_USER: readonly CallName[] = ["PIDJ GET /user/{id}"];
const GROUP_DETAIL: readonly CallName[] = ["TEXTIZEN GET /api/groups/{id}"];
const GROUPS: readonly CallName[] = ["TEXTIZEN GET /api/groups"];
const GROUP: readonly CallName[] = [...GROUPS, ...GROUP_DETAIL];
const PARTICIPANTS: readonly CallName[] = ["TEXTIZEN GET /api/participants"];
const PARTICIPANT_DETAIL: readonly CallName[] = ["TEXTIZEN GET /api/participants/{id}"];
const PARTICIPANT: readonly CallName[] = [...PARTICIPANTS, ...PARTICIPANT_DETAIL];
const TOKENS: readonly CallName[] = ["TEXTIZEN GET /api/participants/{id}/tokens"];
const CAMPAIGNS: readonly CallName[] = ["TEXTIZEN GET /api/campaigns"];
const CAMPAIGN_DETAIL: readonly CallName[] = ["TEXTIZEN GET /api/campaigns/{id}"];
const CAMPAIGN: readonly CallName[] = [...CAMPAIGNS, ...CAMPAIGN_DETAIL];
const POLLS: readonly CallName[] = ["TEXTIZEN GET /api/polls"];
const POLL_DETAIL: readonly CallName[] = ["TEXTIZEN GET /api/polls/{id}"];
const POLL: readonly CallName[] = [...POLLS, ...POLL_DETAIL];
const MAILING: readonly CallName[] = ["TEXTIZEN GET /api/mailings/{id}"];
const RESPONSE: readonly CallName[] = ["TEXTIZEN GET /api/responses/{id}"];
/** An id may name a record of any type. */
const ANY_RECORD: readonly CallName[] = [
  ...PIDJ_GROUPS,
  ...SERIES,
  ...SURVEYS,
  ...CONTACT,
  ...PIDJ_USER,
  ...GROUP,
  ...PARTICIPANT,
  ...CAMPAIGN,
  ...POLL,
  ...MAILING,
  ...RESPONSE,
];

function each(type: string, fields: string, calls: readonly CallName[]): [string, readonly CallName[]][] {
  return fields.split(" ").map((field) => [`${type}.${field}`, calls]);
}

/**
 * The platform calls that a field, or reading an object of a type, may make, by `Type.field` or type. Which of them it
 * makes may depend on what is kept and on how many records are asked for. docs/platform-calls.md has the same by call.
 */
export const CALLS_OF: ReadonlyMap<string, readonly CallName[]> = new Map([
  ["Contact", CONTACT],
  ...each("Query", "contact", CONTACT),
  ...each("Query", "contacts", ["PIDJ GET /contacts", ...CONTACT]),
  ...each("Query", "pidjUser", PIDJ_USER),
  ...each("Query", "pidjGroups", PIDJ_GROUPS),
  ...each("Query", "group", [...PIDJ_GROUPS, ...GROUP]),
  ...each("Query", "seriesList allSeries series", SERIES),
  ...each("Query", "surveys survey", SURVEYS),
  ...each("Query", "textizenGroups", GROUPS),
  ...each("Query", "campaigns", CAMPAIGNS),
  ...each("Query", "campaign", CAMPAIGN),
  ...each("Query", "participants", PARTICIPANTS),
  ...each("Query", "searchPeople", [...PARTICIPANTS, "PIDJ GET /contacts"]),
  ...each("Query", "participant", PARTICIPANT),
  ...each("Query", "polls", POLLS),
  ...each("Query", "poll", POLL),
  ...each("Query", "mailing", MAILING),
  ...each("Query", "pollResponse", RESPONSE),
  ...each("Query", "node nodes _entities", ANY_RECORD),
  ...each("PlatformStatus", "isAuthorized latencyMilliseconds checkedAt message textizenUser", [
    "PIDJ GET /authorization-check",
    "TEXTIZEN GET /api/user",
  ]),
  ...each("Campaign", "description infoMessage webhookUrl exchange organizationId createdAt", CAMPAIGN_DETAIL),
  ...each("Campaign", "polls", POLLS),
  ...each("CompletedPoll", "poll", POLL),
  ...each("CompletedPoll", "participant", PARTICIPANT),
  ...each("Contact", "participant", PARTICIPANTS),
  ...each("PidjGroup", "series", SERIES),
  ...each("PidjGroup", "counterpart", GROUPS),
  ...each("TextizenGroup", "createdAt participants", GROUP_DETAIL),
  ...each("TextizenGroup", "counterpart", PIDJ_GROUPS),
  ...each("Mailing", "poll", POLL),
  ...each("Mailing", "groups", [...MAILING, ...GROUP]),
  ...each("Mailing", "recipients createdAt", MAILING),
  ...each("SentMessage", "fromPhoneNumber group", PIDJ_GROUPS),
  ...each("PidjTask", "group", PIDJ_GROUPS),
  ...each("ReceivedMessage", "group", PIDJ_GROUPS),
  ...each("OutgoingMessage", "group", PIDJ_GROUPS),
  ...each("Participant", "isSubscribed createdAt", PARTICIPANT_DETAIL),
  ...each("Participant", "campaign", [...PARTICIPANT_DETAIL, ...CAMPAIGN]),
  ...each("Participant", "groups", [...PARTICIPANT_DETAIL, ...GROUPS]),
  ...each("Participant", "tokens", TOKENS),
  ...each("Person", "displayName contactLink", [...CONTACT, ...PARTICIPANTS]),
  ...each("Person", "participant", PARTICIPANTS),
  ...each("PollResponse", "participant", PARTICIPANT),
  ...each("PollResponse", "poll", POLL),
  ...each("PollResponse", "question matchedOptions", POLL_DETAIL),
  ...each(
    "Poll",
    "phoneNumber displayPhoneNumber confirmation errorMessage type createdAt startsAt endsAt",
    POLL_DETAIL,
  ),
  ...each("Poll", "questions responses results", POLL_DETAIL),
  ...each("Poll", "nonRespondents", [...POLL_DETAIL, ...GROUP_DETAIL, ...PARTICIPANT]),
  ...each("Poll", "campaign", [...POLL_DETAIL, ...CAMPAIGN]),
  ...each("Poll", "mailings", ["TEXTIZEN GET /api/polls/{id}/mailings"]),
  ...each("Series", "groups", PIDJ_GROUPS),
  ...each("SetOptOutPayload", "person", CONTACT),
  ...each("SubscribeToSeriesPayload", "series", SERIES),
  ...each("SubscribeToSeriesPayload", "person", CONTACT),
  ...each("InitiateSurveyPayload", "survey", SURVEYS),
  ...each("InitiateSurveyPayload", "person", CONTACT),
  ...each("CreateCampaignPayload", "campaign", CAMPAIGN),
  ...each("CreateTextizenGroupPayload", "group", GROUP),
  ...each("UpdateTextizenGroupPayload", "group", GROUP),
  ...each("CreateMailingPayload", "mailing", MAILING),
  ...each("UpdateMailingPayload", "mailing", MAILING),
  ...each("CreatePollPayload", "poll", POLL),
  ...["Create", "Update"].flatMap((verb) => each(`${verb}ParticipantPayload`, "participant", PARTICIPANT)),
  ...["AddParticipantTo", "RemoveParticipantFrom"].flatMap((verb) => [
    ...each(`${verb}GroupPayload`, "participant", PARTICIPANT),
    ...each(`${verb}GroupPayload`, "group", GROUP),
  ]),
  ...["Set", "Remove"].flatMap((verb) => [
    ...each(`${verb}ParticipantTokensPayload`, "participant", PARTICIPANT),
    ...each(`${verb}ParticipantTokensPayload`, "tokens", TOKENS),
  ]),
  ...["Create", "Update", "Recover", "Pause", "Unpause"].flatMap((verb) =>
    each(`${verb}PidjUserPayload`, "user", PIDJ_USER),
  ),
  ...each("Mutation", "sendMessage", ["PIDJ POST /send", ...PIDJ_GROUPS]),
  ...each("Mutation", "createSendJob", [...PIDJ_GROUPS, ...GROUP_DETAIL, ...PARTICIPANT, ...POLL_DETAIL]),
  ...each("Mutation", "createImportJob", [...PIDJ_GROUPS, ...GROUPS]),
  ...each("Mutation", "subscribeToSeries", ["PIDJ POST /series/subscribe", ...SERIES]),
  ...each("Mutation", "initiateSurvey", ["PIDJ POST /survey/initiate", ...SURVEYS]),
  ...each("Mutation", "initiateTask", ["PIDJ POST /task/initiate"]),
  ...each("Mutation", "createSsoUrl", ["PIDJ POST /sso/url"]),
  ...each("Mutation", "createContact", ["PIDJ POST /contact"]),
  ...each("Mutation", "updateContact", ["PIDJ PUT /contact/{id}", ...CONTACT]),
  ...each("Mutation", "deleteContact", ["PIDJ DELETE /contact/{id}", ...CONTACT]),
  ...each("Mutation", "createPidjUser", ["PIDJ POST /user"]),
  ...each("Mutation", "updatePidjUser", ["PIDJ PUT /user/{id}", ...PIDJ_USER]),
  ...each("Mutation", "deletePidjUser", ["PIDJ DELETE /user/{id}", ...PIDJ_USER]),
  ...each("Mutation", "recoverPidjUser", ["PIDJ PUT /user/{id}/recover", ...PIDJ_USER]),
  ...each("Mutation", "pausePidjUser", ["PIDJ POST /user/{id}/pause", ...PIDJ_USER]),
  ...each("Mutation", "unpausePidjUser", ["PIDJ POST /user/{id}/unpause", ...PIDJ_USER]),
  ...each("Mutation", "createCampaign", ["TEXTIZEN POST /api/campaigns"]),
  ...each("Mutation", "createTextizenGroup", ["TEXTIZEN POST /api/groups"]),
  ...each("Mutation", "updateTextizenGroup", ["TEXTIZEN PUT /api/groups/{id}", ...GROUP]),
  ...each("Mutation", "createPoll", ["TEXTIZEN POST /api/polls"]),
  ...each("Mutation", "createMailing", ["TEXTIZEN POST /api/polls/{id}/mailings"]),
  ...each("Mutation", "updateMailing", ["TEXTIZEN PUT /api/mailings/{id}", ...MAILING]),
  ...each("Mutation", "createParticipant", ["TEXTIZEN POST /api/participants"]),
  ...each("Mutation", "updateParticipant", ["TEXTIZEN PUT /api/participants/{id}", ...PARTICIPANT_DETAIL]),
  ...each("Mutation", "addParticipantToGroup", [
    "TEXTIZEN POST /api/participants/{id}/subscriptions",
    ...PARTICIPANT_DETAIL,
  ]),
  ...each("Mutation", "removeParticipantFromGroup", [
    "TEXTIZEN PUT /api/participants/{id}/subscriptions/unsubscribe",
    ...PARTICIPANT_DETAIL,
  ]),
  ...each("Mutation", "setParticipantTokens", ["TEXTIZEN PUT /api/participants/{id}/tokens"]),
  ...each("Mutation", "removeParticipantTokens", ["TEXTIZEN DELETE /api/participants/{id}/tokens"]),
]);
