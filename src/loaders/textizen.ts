import DataLoader from "dataloader";
import { type Field, PlatformError, valueOrThrow } from "../errors.ts";
import {
  type CampaignId,
  idParts,
  type MailingId,
  makeId,
  type ParticipantId,
  type PollId,
  type PollResponseId,
  type TextizenGroupId,
} from "../ids.ts";
import type { ReadScope } from "../rest/calls.ts";
import type { Route } from "../rest/exchange.ts";
import type { KeptDetails } from "../rest/kept-details.ts";
import type { TextizenClient } from "../textizen/client.ts";
import type {
  CampaignRecord,
  MailingRecord,
  ParticipantRecord,
  ParticipantTokenRecord,
  PollRecord,
  PollResponseRecord,
  TextizenGroupRecord,
  TextizenUserRecord,
} from "../textizen/records.ts";
import { ConcurrencyLimit } from "./concurrency-limit.ts";
import type { DetailWidth } from "./detail-width.ts";
import {
  createReadDetail,
  type KeptListDefaults,
  KeptListing,
  type KeptRecord,
  ListView,
  type ReadDetail,
} from "./list-view.ts";
import { Listing, NAME_FILTER, nameOf, numberOf, type RowShape } from "./listing.ts";
import { Resource, settle } from "./resource.ts";

/** Textizen's lists, kept for all operations. */
export interface TextizenLists {
  readonly participants: KeptListing<ParticipantRecord>;
  readonly groups: KeptListing<TextizenGroupRecord>;
  readonly campaigns: KeptListing<CampaignRecord>;
  readonly polls: KeptListing<PollRecord>;
}

export function createTextizenLists(client: TextizenClient, defaults: KeptListDefaults): TextizenLists {
  const common = { ...defaults, platform: "TEXTIZEN", isSuspended: () => client.state().suspendsReads } as const;
  const groups = { ...common, name: "textizenGroups", route: "GET /api/groups", isShort: true } as const;
  const campaigns = { ...common, name: "campaigns", route: "GET /api/campaigns" } as const;
  const participants = { ...common, name: "participants", route: "GET /api/participants" } as const;
  const polls = { ...common, name: "polls", route: "GET /api/polls" } as const;
  return {
    participants: new KeptListing(participants, client.participants, PARTICIPANTS),
    groups: new KeptListing(groups, client.groups, { nameOf, filters: NAME_FILTER }),
    campaigns: new KeptListing(campaigns, client.campaigns, { nameOf: titleOf }),
    polls: new KeptListing(polls, client.polls, POLLS),
  };
}

const PARTICIPANTS: RowShape<ParticipantRecord> = {
  nameOf,
  numberOf,
  filters: {
    ...NAME_FILTER,
    phoneNumber: { by: "equal", valueOf: numberOf },
    earliestCreatedAt: { by: "from", valueOf: ({ createdAt }) => createdAt },
    latestCreatedAt: { by: "until", valueOf: ({ createdAt }) => createdAt },
  },
};

const POLLS: RowShape<PollRecord> = {
  nameOf: titleOf,
  parentsOf: campaignOfPoll,
  filters: {
    title: { by: "part", valueOf: titleOf },
    isActive: { by: "equal", valueOf: (poll) => poll.isActive },
    isPublic: { by: "equal", valueOf: (poll) => poll.isPublic },
    language: { by: "equal", valueOf: (poll) => poll.language },
  },
};

const RESPONSES: RowShape<PollResponseRecord> = {
  filters: {
    questionId: { by: "equal", valueOf: (response) => response.questionId },
    participantId: { by: "equal", valueOf: (response) => response.participantId },
    from: { by: "equal", valueOf: (response) => response.from },
    text: { by: "part", valueOf: (response) => response.text },
  },
};

function titleOf(row: { readonly title?: Field<string> | undefined }): Field<string> | undefined {
  return row.title;
}

function campaignOfPoll({ campaignId }: PollRecord): readonly string[] | null {
  if (campaignId === undefined || campaignId instanceof PlatformError) {
    return null;
  }
  return campaignId === null ? [] : [campaignId];
}

/** One operation's reads of Textizen. Each loader is made when it is first used, because most operations use few. */
export class TextizenLoaders {
  readonly #client: TextizenClient;
  readonly #lists: TextizenLists;
  readonly #scope: ReadScope;
  readonly #view: ListView;
  readonly #readDetail: ReadDetail;
  readonly #limit: ConcurrencyLimit;
  #participant: Resource<ParticipantRecord> | null = null;
  #group: Resource<TextizenGroupRecord> | null = null;
  #campaign: Resource<CampaignRecord> | null = null;
  #poll: Resource<PollRecord> | null = null;
  #mailings: DataLoader<PollId, readonly MailingRecord[]> | null = null;
  #mailing: DataLoader<MailingId, MailingRecord | null> | null = null;
  #response: DataLoader<PollResponseId, PollResponseRecord | null> | null = null;
  #tokens: DataLoader<TokensKey, readonly ParticipantTokenRecord[], string> | null = null;

  /** `onKept` is called with each list and record that was served without a call. */
  constructor(
    client: TextizenClient,
    lists: TextizenLists,
    scope: ReadScope,
    {
      details,
      width,
      onKept,
    }: {
      readonly details: KeptDetails;
      readonly width: DetailWidth;
      readonly onKept: (kept: KeptRecord) => void;
    },
  ) {
    this.#client = client;
    this.#lists = lists;
    this.#scope = scope;
    this.#view = new ListView(scope, onKept);
    this.#limit = new ConcurrencyLimit(width);
    this.#readDetail = createReadDetail(details, "TEXTIZEN", scope, onKept);
  }

  get participant(): Resource<ParticipantRecord> {
    this.#participant ??= this.#resource(
      this.#lists.participants,
      this.#client.participant,
      "GET /api/participants/{id}",
    );
    return this.#participant;
  }

  get group(): Resource<TextizenGroupRecord> {
    this.#group ??= this.#resource(this.#lists.groups, this.#client.group, "GET /api/groups/{id}");
    return this.#group;
  }

  get campaign(): Resource<CampaignRecord> {
    this.#campaign ??= this.#resource(this.#lists.campaigns, this.#client.campaign, "GET /api/campaigns/{id}");
    return this.#campaign;
  }

  get poll(): Resource<PollRecord> {
    this.#poll ??= this.#resource(this.#lists.polls, this.#client.poll, "GET /api/polls/{id}");
    return this.#poll;
  }

  participants(): Promise<Listing<ParticipantRecord>> {
    return this.#view.get(this.#lists.participants);
  }

  groups(): Promise<Listing<TextizenGroupRecord>> {
    return this.#view.get(this.#lists.groups);
  }

  campaigns(): Promise<Listing<CampaignRecord>> {
    return this.#view.get(this.#lists.campaigns);
  }

  polls(): Promise<Listing<PollRecord>> {
    return this.#view.get(this.#lists.polls);
  }

  tokens(participantId: ParticipantId, campaignId: CampaignId): Promise<readonly ParticipantTokenRecord[]> {
    this.#tokens ??= this.#loader(
      (key) => this.#client.participantTokens(key.participantId, key.campaignId, this.#scope),
      (key) => `${key.participantId} ${key.campaignId}`,
    );
    return this.#tokens.load({ participantId, campaignId });
  }

  mailings(id: PollId): Promise<readonly MailingRecord[]> {
    this.#mailings ??= this.#loader((pollId) =>
      this.#readDetail(
        "GET /api/polls/{id}/mailings",
        pollId,
        async () => (await this.#client.mailings(pollId, this.#scope)).rows,
      ),
    );
    return this.#mailings.load(id);
  }

  mailing(id: MailingId): Promise<MailingRecord | null> {
    this.#mailing ??= this.#loader((key) =>
      this.#readDetail("GET /api/mailings/{id}", key, () => this.#client.mailing(key, this.#scope)),
    );
    return this.#mailing.load(id);
  }

  /** A response by its own id, or by its place in its poll if it has no id of its own. */
  async response(id: PollResponseId): Promise<PollResponseRecord | null> {
    const [pollId, ...place] = idParts(id);
    if (pollId === undefined || place.length === 0) {
      this.#response ??= this.#loader((key) =>
        this.#readDetail("GET /api/responses/{id}", key, () => this.#client.response(key, this.#scope)),
      );
      return this.#response.load(id);
    }
    const responses = await this.responses(makeId("Poll", pollId));
    return responses?.get(id) ?? null;
  }

  /** A poll's responses, from its detail; null if Textizen does not say. */
  async responses(id: PollId): Promise<Listing<PollResponseRecord> | null> {
    const responses = valueOrThrow((await this.poll.detail(id))?.responses);
    return responses === null ? null : Listing.of(responses, RESPONSES);
  }

  /**
   * A group's members, or those of them that `keeps` keeps, from its detail; null if Textizen does not say. Members that
   * are given as ids are looked up.
   */
  async members(
    id: TextizenGroupId,
    keeps: (member: ParticipantRecord) => boolean = () => true,
  ): Promise<Listing<ParticipantRecord> | null> {
    const group = await this.group.detail(id);
    const members = valueOrThrow(group?.participants);
    const ids = members === null ? valueOrThrow(group?.participantIds) : null;
    const found = ids && (await Promise.all(ids.map((participantId) => this.participant.row(participantId))));
    const rows = members ?? found?.filter((participant) => participant !== null) ?? null;
    return rows === null ? null : Listing.of(rows.filter(keeps), PARTICIPANTS);
  }

  /** The account that we sign in with. Throws like any other call. */
  user(): Promise<TextizenUserRecord> {
    return this.#client.user(this.#scope);
  }

  #resource<Row extends { readonly id: string; readonly isDetail: boolean }>(
    list: KeptListing<Row>,
    read: (id: Row["id"], scope: ReadScope) => Promise<Row | null>,
    route: Route,
  ): Resource<Row> {
    return new Resource({
      list: () => this.#view.get(list),
      waitMilliseconds: () => this.#scope.timeLeft() / 2,
      prefersList: (records) => {
        const choose = (isAtHand: boolean) => isAtHand || list.choice.prefersList(records);
        const isAtHand = this.#view.isAtHand(list);
        return typeof isAtHand === "boolean" ? choose(isAtHand) : isAtHand.then(choose);
      },
      recordDetails: (records, milliseconds) => list.choice.recordDetails(records, milliseconds),
      detail: (id) => this.#readDetail(route, id, () => this.#limit.run(() => read(id, this.#scope))),
    });
  }

  #loader<Key, Value, CacheKey = Key>(
    read: (key: Key) => Promise<Value>,
    cacheKeyFn?: (key: Key) => CacheKey,
  ): DataLoader<Key, Value, CacheKey> {
    const limited = (key: Key) => this.#limit.run(() => read(key));
    return new DataLoader((keys) => settle(keys, limited), cacheKeyFn === undefined ? {} : { cacheKeyFn });
  }
}

interface TokensKey {
  readonly participantId: ParticipantId;
  readonly campaignId: CampaignId;
}
