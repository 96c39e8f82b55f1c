import type { Field } from "../errors.ts";
import type {
  CampaignId,
  MailingId,
  ParticipantId,
  PollId,
  PollOptionId,
  PollQuestionId,
  PollResponseId,
  TextizenGroupId,
  TextizenUserId,
} from "../ids.ts";
import type { E164 } from "../phone.ts";

// The answers' shapes are not documented (docs/platforms.md T-9). A list returns rows, a read by id returns a detail
// (`isDetail`). If a row lacks the key of a scalar, the value is undefined, and the detail is read when somebody asks
// for it. If a detail lacks a key, the value is null. After a write without a read, only the id is known. A value that
// is marked "detail only" is never taken from a row, even if the row has the key.

/** docs/platforms.md, List participants. */
export interface ParticipantRecord {
  readonly id: ParticipantId;
  readonly isDetail: boolean;
  readonly name?: Field<string> | undefined;
  readonly phoneNumber?: Field<E164> | undefined;
  readonly displayPhoneNumber?: Field<string> | undefined;
  readonly isSubscribed?: Field<boolean> | undefined;
  readonly createdAt?: Field<Date> | undefined;
  readonly campaignId?: Field<CampaignId> | undefined;
  /** Detail only; null if the detail does not have the key. */
  readonly groups?: Field<readonly TextizenGroupReference[]> | undefined;
}

/** A group inside another record: its id, and its name, which is undefined if only the id was given. */
export interface TextizenGroupReference {
  readonly id: TextizenGroupId;
  readonly name?: Field<string> | undefined;
}

export interface ParticipantTokenRecord {
  readonly key: string;
  readonly value: string | null;
}

/** docs/platforms.md, List Textizen groups. */
export interface TextizenGroupRecord {
  readonly id: TextizenGroupId;
  readonly isDetail: boolean;
  readonly name?: Field<string> | undefined;
  readonly createdAt?: Field<Date> | undefined;
  /**
   * Detail only, both. Members that the detail contains whole are rows in `participants`, members given as ids are in
   * `participantIds`. Both are null if the detail names no members.
   */
  readonly participants?: Field<readonly ParticipantRecord[]> | undefined;
  readonly participantIds?: Field<readonly ParticipantId[]> | undefined;
}

/** docs/platforms.md, List campaigns. */
export interface CampaignRecord {
  readonly id: CampaignId;
  readonly isDetail: boolean;
  readonly title?: Field<string> | undefined;
  readonly description?: Field<string> | undefined;
  readonly infoMessage?: Field<string> | undefined;
  readonly webhookUrl?: Field<string> | undefined;
  readonly exchange?: Field<string> | undefined;
  readonly organizationId?: Field<number> | undefined;
  readonly createdAt?: Field<Date> | undefined;
}

/** docs/platforms.md, List polls. */
export interface PollRecord {
  readonly id: PollId;
  readonly isDetail: boolean;
  readonly title?: Field<string> | undefined;
  readonly phoneNumber?: Field<E164> | undefined;
  readonly displayPhoneNumber?: Field<string> | undefined;
  readonly confirmation?: Field<string> | undefined;
  readonly errorMessage?: Field<string> | undefined;
  readonly language?: Field<string> | undefined;
  readonly isPublic?: Field<boolean> | undefined;
  readonly isActive?: Field<boolean> | undefined;
  readonly type?: Field<string> | undefined;
  readonly createdAt?: Field<Date> | undefined;
  readonly startsAt?: Field<Date> | undefined;
  readonly endsAt?: Field<Date> | undefined;
  readonly campaignId?: Field<CampaignId> | undefined;
  /** Detail only, both. */
  readonly questions?: Field<readonly PollQuestionRecord[]> | undefined;
  readonly responses?: Field<readonly PollResponseRecord[]> | undefined;
}

export type QuestionType = "OPEN" | "YES_NO" | "MULTIPLE_CHOICE" | "MULTIPLE_CHOICE_MANY" | "NAME" | "OTHER";

export interface PollQuestionRecord {
  readonly id: PollQuestionId;
  readonly text: Field<string>;
  readonly type: QuestionType;
  readonly rawType: Field<string>;
  readonly sequence: Field<number>;
  readonly options: readonly PollOptionRecord[];
}

export interface PollOptionRecord {
  readonly id: PollOptionId;
  readonly text: Field<string>;
  readonly value: Field<string>;
  readonly followUps: readonly PollQuestionRecord[];
}

/** docs/platforms.md, Read a response; also the answers inside a poll's `response_sequences`. */
export interface PollResponseRecord {
  readonly id: PollResponseId;
  readonly text: Field<string>;
  readonly from: Field<E164>;
  readonly displayFrom: Field<string>;
  /**
   * In a poll's detail: the position of the response sequence that contains it. All answers of a sequence are one
   * person's.
   */
  readonly sequence?: number | undefined;
  readonly participantId: Field<ParticipantId>;
  readonly pollId: Field<PollId>;
  readonly questionId: Field<PollQuestionId>;
  readonly matchedOptionIds: readonly PollOptionId[];
  readonly createdAt: Field<Date>;
}

/** docs/platforms.md, List a poll's mailings. */
export interface MailingRecord {
  readonly id: MailingId;
  readonly isDetail: boolean;
  readonly pollId?: Field<PollId>;
  readonly sendAt?: Field<Date> | undefined;
  /** `send_at` letter for letter: an update that leaves the time alone must send it back. Null if it is not a text. */
  readonly sendAtText?: string | null;
  readonly groupIds?: Field<readonly TextizenGroupId[]> | undefined;
  /** The numbers of phone_numbers_list in their order; null for one that is not E.164. */
  readonly recipientNumbers?: Field<readonly (E164 | null)[]> | undefined;
  readonly createdAt?: Field<Date> | undefined;
}

/** docs/platforms.md, Read the own user. */
export interface TextizenUserRecord {
  readonly id: TextizenUserId | null;
  readonly emailAddress: Field<string>;
  readonly name: Field<string>;
  readonly organizationId: Field<number>;
}
