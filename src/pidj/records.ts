import type { Field } from "../errors.ts";
import type { ContactId, PidjGroupId, PidjUserId, SeriesId, SurveyId } from "../ids.ts";
import type { E164 } from "../phone.ts";

/**
 * docs/platforms.md, Read a contact. Rows of the undocumented `GET /contacts` have fewer keys: a key that is missing is
 * undefined, and the contact is then read by id. A contact that was read by id has all of them.
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

/** docs/platforms.md, List Pidj groups. */
export interface PidjGroupRecord {
  readonly id: PidjGroupId;
  readonly name: Field<string>;
  readonly phoneNumber: Field<E164>;
  readonly displayPhoneNumber: Field<string>;
  readonly color: Field<string>;
}

/** docs/platforms.md, List series. */
export interface SeriesRecord {
  readonly id: SeriesId;
  readonly name: Field<string>;
  readonly groupIds: Field<readonly PidjGroupId[]>;
}

/** docs/platforms.md, List surveys. */
export interface SurveyRecord {
  readonly id: SurveyId;
  readonly name: Field<string>;
}

/** docs/platforms.md, Read a user. After a write without a read, only the id is known. */
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
