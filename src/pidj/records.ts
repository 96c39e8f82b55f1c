import type { Field } from "../errors.ts";
import type { ContactId, PidjGroupId, PidjUserId, SeriesId, SurveyId } from "../ids.ts";
import type { E164 } from "../phone.ts";

/**
 * pidj-api.txt:295-306. `GET /contacts`, which is not documented, gives the same with fewer keys: those are undefined in
 * such a row, and asked by id. A read by id says all of them.
 */
export interface ContactRecord {
  readonly id: ContactId;
  readonly isDetail: boolean;
  readonly firstName?: Field<string> | undefined;
  readonly lastName?: Field<string> | undefined;
  readonly businessName?: Field<string> | undefined;
  readonly displayName?: Field<string> | undefined;
  readonly emailAddress?: Field<string> | undefined;
  readonly phoneNumber?: Field<E164> | undefined;
  readonly displayPhoneNumber?: Field<string> | undefined;
  readonly officePhoneNumber?: Field<string> | undefined;
  readonly faxNumber?: Field<string> | undefined;
  readonly timezone?: Field<string> | undefined;
  readonly tags?: Field<readonly string[]> | undefined;
  readonly externalId?: Field<string> | undefined;
}

/** pidj-api.txt:387-403. */
export interface PidjGroupRecord {
  readonly id: PidjGroupId;
  readonly name: Field<string>;
  readonly phoneNumber: Field<E164>;
  readonly displayPhoneNumber: Field<string>;
  readonly color: Field<string>;
}

/** pidj-api.txt:431-445. */
export interface SeriesRecord {
  readonly id: SeriesId;
  readonly name: Field<string>;
  readonly groupIds: Field<readonly PidjGroupId[]>;
}

/** pidj-api.txt:470-481. */
export interface SurveyRecord {
  readonly id: SurveyId;
  readonly name: Field<string>;
}

/** pidj-api.txt:108-134. One that was written and not read back says nothing but its id. */
export interface PidjUserRecord {
  readonly id: PidjUserId;
  readonly isDetail: boolean;
  readonly username?: Field<string>;
  readonly firstName?: Field<string>;
  readonly lastName?: Field<string>;
  readonly businessName?: Field<string>;
  readonly displayName?: Field<string>;
  readonly emailAddress?: Field<string>;
  readonly phoneNumber?: Field<E164>;
  readonly displayPhoneNumber?: Field<string>;
  readonly roles?: Field<readonly string[]>;
  readonly tags?: Field<readonly string[]>;
  readonly externalId?: Field<string>;
}
