import {
  type CampaignId,
  type Id,
  type IdType,
  type MailingId,
  type ParticipantId,
  type PollId,
  type PollResponseId,
  platformId,
  type TextizenGroupId,
} from "../ids.ts";
import type { Answer } from "../rest/answer.ts";
import type { ReadScope, Rows } from "../rest/calls.ts";
import type { Route } from "../rest/exchange.ts";
import type { PlatformState } from "../rest/guard.ts";
import { campaigns, decodeTokens, decodeUser, groups, mailingsOf, participants } from "./decode.ts";
import { polls, responses } from "./polls.ts";
import type {
  CampaignRecord,
  MailingRecord,
  ParticipantRecord,
  ParticipantTokenRecord,
  PollRecord,
  PollResponseRecord,
  TextizenGroupRecord,
  TextizenUserRecord,
} from "./records.ts";
import { createSendTime, type SendTime } from "./send-time.ts";
import { type RecordKind, readDetail, readList } from "./shapes.ts";
import { createTextizenWire, NO_PARAMETERS, type TextizenOptions, type TextizenWire } from "./wire.ts";
import { createTextizenWrites, type TextizenWrites, wireId } from "./writes.ts";

/** Every method makes one documented call and throws PlatformError if it fails. */
export interface TextizenClient extends TextizenReads, TextizenWrites {
  /** What the platform's guard lets through now. */
  readonly state: () => PlatformState;
  /** Waits for running calls, then closes the connections. */
  readonly close: () => Promise<void>;
}

type ReadAll<Row> = (scope: ReadScope) => Promise<Rows<Row>>;
/** Null if there is no such record. */
type ReadOne<RecordId, Row> = (id: RecordId, scope: ReadScope) => Promise<Row | null>;

interface TextizenReads {
  readonly groups: ReadAll<TextizenGroupRecord>;
  readonly group: ReadOne<TextizenGroupId, TextizenGroupRecord>;
  readonly campaigns: ReadAll<CampaignRecord>;
  readonly campaign: ReadOne<CampaignId, CampaignRecord>;
  readonly participants: ReadAll<ParticipantRecord>;
  readonly participant: ReadOne<ParticipantId, ParticipantRecord>;
  readonly participantTokens: (
    id: ParticipantId,
    campaignId: CampaignId,
    scope: ReadScope,
  ) => Promise<readonly ParticipantTokenRecord[]>;
  readonly polls: ReadAll<PollRecord>;
  readonly poll: ReadOne<PollId, PollRecord>;
  readonly mailings: (pollId: PollId, scope: ReadScope) => Promise<Rows<MailingRecord>>;
  readonly mailing: ReadOne<MailingId, MailingRecord>;
  /** Only for ids of Textizen's own. An id that was made from a response's place in its poll is unknown there. */
  readonly response: ReadOne<PollResponseId, PollResponseRecord>;
  readonly user: (scope: ReadScope) => Promise<TextizenUserRecord>;
}

export function createTextizenClient(options: TextizenOptions): TextizenClient {
  const wire = createTextizenWire(options);
  const sendTime = createSendTime(options.sendAtZone ?? null);
  return {
    ...createTextizenReads(wire, sendTime),
    ...createTextizenWrites(wire, options, sendTime),
    state: wire.state,
    close: wire.close,
  };
}

function createTextizenReads(wire: TextizenWire, sendTime: SendTime): TextizenReads {
  function list<Row>(route: Route, kind: RecordKind<Row>, id: string | null, scope: ReadScope): Promise<Rows<Row>> {
    return wire.read(
      {
        route,
        id,
        size: "list",
        parameters: NO_PARAMETERS,
        decode: (answer) => readList(kind, answer),
      },
      scope,
    );
  }

  /** A group's detail contains its participants and a poll's its responses, so a detail may be as large as a list. */
  function detail<Row>(route: Route, kind: RecordKind<Row>, id: Id<IdType>, scope: ReadScope): Promise<Row | null> {
    const call = {
      ifNotFound: null,
      route,
      id: platformId(id),
      size: "list",
      parameters: NO_PARAMETERS,
      decode: (answer: Answer) => readDetail(kind, answer, id),
    } as const;
    return wire.read<Row | null>(call, scope);
  }

  return {
    groups: (scope) => list("GET /api/groups", groups, null, scope),
    group: (id, scope) => detail("GET /api/groups/{id}", groups, id, scope),
    campaigns: (scope) => list("GET /api/campaigns", campaigns, null, scope),
    campaign: (id, scope) => detail("GET /api/campaigns/{id}", campaigns, id, scope),
    participants: (scope) => list("GET /api/participants", participants, null, scope),
    participant: (id, scope) => detail("GET /api/participants/{id}", participants, id, scope),
    participantTokens: (id, campaignId, scope) =>
      wire.read(
        {
          route: "GET /api/participants/{id}/tokens",
          id: platformId(id),
          size: "record",
          parameters: { campaign_id: wireId(campaignId) },
          decode: decodeTokens,
        },
        scope,
      ),
    polls: (scope) => list("GET /api/polls", polls, null, scope),
    poll: (id, scope) => detail("GET /api/polls/{id}", polls, id, scope),
    mailings: (pollId, scope) =>
      list("GET /api/polls/{id}/mailings", mailingsOf(pollId, sendTime), platformId(pollId), scope),
    mailing: (id, scope) => detail("GET /api/mailings/{id}", mailingsOf(null, sendTime), id, scope),
    response: (id, scope) => detail("GET /api/responses/{id}", responses, id, scope),
    user: (scope) =>
      wire.read(
        {
          route: "GET /api/user",
          id: null,
          size: "record",
          parameters: NO_PARAMETERS,
          decode: decodeUser,
        },
        scope,
      ),
  };
}
