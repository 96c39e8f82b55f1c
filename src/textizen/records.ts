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

// Textizen documents no answer. A list gives rows, a read by id gives details (`isDetail`). A scalar whose key a row
// lacks is undefined there ("the row does not say"): the detail is asked then. A detail that lacks a key says null. A
// record that was written and not read back is a row that says nothing but its id.
// What is marked "detail only" is never taken from a row, even if the row has something under the key.

/** textizen-api.txt:113-123. */
export interface ParticipantRecord {
  readonly id: ParticipantId;
  readonly isDetail: boolean;
  readonly name?: Field<string> | undefined;
  readonly phoneNumber?: Field<E164> | undefined;
  readonly displayPhoneNumber?: Field<string> | undefined;
  readonly isSubscribed?: Field<boolean> | undefined;
  readonly createdAt?: Field<Date> | undefined;
  readonly campaignId?: Field<CampaignId> | undefined;
  /** Detail only; null where it names no groups. */
  readonly groups?: Field<readonly TextizenGroupReference[]> | undefined;
}

/** A group inside another record: its id, and its name (undefined where only the id was given). */
export interface TextizenGroupReference {
  readonly id: TextizenGroupId;
  readonly name?: Field<string> | undefined;
}

export interface ParticipantTokenRecord {
  readonly key: string;
  readonly value: string | null;
}

/** textizen-api.txt:47-57. */
export interface TextizenGroupRecord {
  readonly id: TextizenGroupId;
  readonly isDetail: boolean;
  readonly name?: Field<string> | undefined;
  readonly createdAt?: Field<Date> | undefined;
  /**
   * Detail only, both: members given whole are rows in `participants`, members given as bare ids are in
   * `participantIds` and nowhere else. Null, both, where the detail names no members.
   */
  readonly participants?: Field<readonly ParticipantRecord[]> | undefined;
  readonly participantIds?: Field<readonly ParticipantId[]> | undefined;
}

/** textizen-api.txt:78-109. */
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

/** textizen-api.txt:211-244. */
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

/** textizen-api.txt:292-296, and the members of a poll's response_sequences. */
export interface PollResponseRecord {
  readonly id: PollResponseId;
  readonly text: Field<string>;
  readonly from: Field<E164>;
  readonly displayFrom: Field<string>;
  /** In a poll's detail: position of the response sequence that holds it. Each sequence is one person's. */
  readonly sequence?: number | undefined;
  readonly participantId: Field<ParticipantId>;
  readonly pollId: Field<PollId>;
  readonly questionId: Field<PollQuestionId>;
  readonly matchedOptionIds: readonly PollOptionId[];
  readonly createdAt: Field<Date>;
}

/** textizen-api.txt:248-258. */
export interface MailingRecord {
  readonly id: MailingId;
  readonly isDetail: boolean;
  readonly pollId?: Field<PollId>;
  readonly sendAt?: Field<Date> | undefined;
  /** `send_at` letter for letter: an update that leaves the time alone must send it back. Null if it is not a text. */
  readonly sendAtText?: string | null;
  readonly groupIds?: Field<readonly TextizenGroupId[]> | undefined;
  /** phone_numbers_list, in its order: each number, null where it is no E.164. */
  readonly recipientNumbers?: Field<readonly (E164 | null)[]> | undefined;
  readonly createdAt?: Field<Date> | undefined;
}

/** textizen-api.txt:300-304. */
export interface TextizenUserRecord {
  readonly id: TextizenUserId | null;
  readonly emailAddress: Field<string>;
  readonly name: Field<string>;
  readonly organizationId: Field<number>;
}
