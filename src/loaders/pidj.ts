import DataLoader from "dataloader";
import { PlatformError, valueOrNull } from "../errors.ts";
import type { ContactId, PidjGroupId, PidjUserId } from "../ids.ts";
import { contactName } from "../names.ts";
import type { E164 } from "../phone.ts";
import type { PidjClient } from "../pidj/client.ts";
import type { ContactRecord, PidjGroupRecord, PidjUserRecord, SeriesRecord, SurveyRecord } from "../pidj/records.ts";
import type { Sender } from "../pidj/writes.ts";
import type { ReadScope } from "../rest/calls.ts";
import type { KeptDetails } from "../rest/kept-details.ts";
import { type ContactDirectory, timeOfReading } from "../store/contacts.ts";
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
import { type Listing, NAME_FILTER, nameOf, numberOf, type RowShape } from "./listing.ts";
import { settle } from "./resource.ts";

/** Pidj's lists, kept for all operations. */
export interface PidjLists {
  readonly contacts: KeptListing<ContactRecord>;
  readonly groups: KeptListing<PidjGroupRecord>;
  readonly series: KeptListing<SeriesRecord>;
  readonly surveys: KeptListing<SurveyRecord>;
}

export function createPidjLists(client: PidjClient, defaults: KeptListDefaults): PidjLists {
  const common = { ...defaults, platform: "PIDJ", isSuspended: () => client.state().suspendsReads } as const;
  const contacts = { ...common, name: "contacts", route: "GET /contacts" } as const;
  const groups = { ...common, name: "pidjGroups", route: "GET /groups" } as const;
  const series = { ...common, name: "series", route: "GET /series" } as const;
  const surveys = { ...common, name: "surveys", route: "GET /surveys" } as const;
  return {
    contacts: new KeptListing(contacts, client.contacts, CONTACTS),
    groups: new KeptListing(groups, client.groups, { nameOf, filters: NAME_FILTER }),
    series: new KeptListing(series, client.series, { nameOf, parentsOf: groupsOfSeries, filters: NAME_FILTER }),
    surveys: new KeptListing(surveys, client.surveys, { nameOf, filters: NAME_FILTER }),
  };
}

/** A sender's number and group as the kept list of groups has them: what it does not have is null, and no call is made. */
export function lineOf(
  { groups: { kept } }: PidjLists,
  from: Sender,
): { readonly fromPhoneNumber: E164 | null; readonly groupId: PidjGroupId | null } {
  if ("groupId" in from) {
    return { ...from, fromPhoneNumber: valueOrNull(kept?.get(from.groupId)?.phoneNumber) };
  }
  const group = kept?.rows.find(({ phoneNumber }) => phoneNumber === from.phoneNumber);
  return { fromPhoneNumber: from.phoneNumber, groupId: group?.id ?? null };
}

const CONTACTS: RowShape<ContactRecord> = {
  nameOf: contactName,
  numberOf,
  filters: {
    name: { by: "part", valueOf: contactName },
    phoneNumber: { by: "equal", valueOf: numberOf },
  },
};

function groupsOfSeries({ groupIds }: SeriesRecord): readonly string[] | null {
  return groupIds instanceof PlatformError ? null : groupIds;
}

/** One operation's reads of Pidj. */
export class PidjLoaders {
  readonly #client: PidjClient;
  readonly #lists: PidjLists;
  readonly #scope: ReadScope;
  readonly #view: ListView;
  readonly #hasContactList: boolean;
  readonly #readDetail: ReadDetail;
  readonly #now: () => Date;
  readonly #onContacts: ContactDirectory["learnLater"];
  readonly #contacts = new Map<ContactId, Promise<ContactRecord | null>>();
  readonly #contactLimit: ConcurrencyLimit;
  #user: DataLoader<PidjUserId, PidjUserRecord | null> | null = null;

  /**
   * `onContacts` passes what was read to the directory, dated by `now`. `onKept` is called with each list and record that
   * was served without a call.
   */
  constructor(
    client: PidjClient,
    lists: PidjLists,
    scope: ReadScope,
    options: {
      readonly now: () => Date;
      readonly onContacts: ContactDirectory["learnLater"];
      /** Whether Pidj's list of contacts is read. */
      readonly hasContactList: boolean;
      readonly details: KeptDetails;
      readonly width: DetailWidth;
      readonly onKept: (kept: KeptRecord) => void;
    },
  ) {
    this.#client = client;
    this.#lists = lists;
    this.#scope = scope;
    this.#view = new ListView(scope, options.onKept);
    this.#hasContactList = options.hasContactList;
    this.#contactLimit = new ConcurrencyLimit(options.width);
    this.#readDetail = createReadDetail(options.details, "PIDJ", scope, options.onKept);
    this.#now = options.now;
    this.#onContacts = options.onContacts;
  }

  groups(): Promise<Listing<PidjGroupRecord>> {
    return this.#view.get(this.#lists.groups);
  }

  series(): Promise<Listing<SeriesRecord>> {
    return this.#view.get(this.#lists.series);
  }

  surveys(): Promise<Listing<SurveyRecord>> {
    return this.#view.get(this.#lists.surveys);
  }

  /** `GET /contacts`, for accounts that have it. */
  contacts(): Promise<Listing<ContactRecord>> {
    return this.#view.get(this.#lists.contacts);
  }

  /**
   * The contact's row of Pidj's list, if that list is read and kept at the moment, else the contact as it is read by id. A
   * row may lack what only the read by id has.
   */
  contactRow(id: ContactId): Promise<ContactRecord | null> {
    return this.#hasContactList && !this.#contacts.has(id) ? this.#rowIfAtHand(id) : this.contact(id);
  }

  async #rowIfAtHand(id: ContactId): Promise<ContactRecord | null> {
    const row = (await this.#view.isAtHand(this.#lists.contacts)) ? (await this.contacts()).get(id) : null;
    return row ?? this.contact(id);
  }

  /** Read once for all who ask. Pidj reads one contact at a time, so there is nothing to be batched. */
  contact(id: ContactId): Promise<ContactRecord | null> {
    let contact = this.#contacts.get(id);
    if (contact === undefined) {
      contact = this.#readDetail("GET /contact/{id}", id, () => this.#readContact(id));
      this.#contacts.set(id, contact);
    }
    return contact;
  }

  /** What was read teaches the directory; what was kept has done so before. */
  #readContact(id: ContactId): Promise<ContactRecord | null> {
    const askedAt = timeOfReading(this.#now);
    const contact = this.#contactLimit.run(() => this.#client.contact(id, this.#scope));
    contact.then(
      (found) => this.#onContacts([[id, found]], askedAt),
      () => undefined,
    );
    return contact;
  }

  user(id: PidjUserId): Promise<PidjUserRecord | null> {
    const read = (key: PidjUserId) =>
      this.#readDetail("GET /user/{id}", key, () => this.#client.user(key, this.#scope));
    this.#user ??= new DataLoader((ids) => settle(ids, read));
    return this.#user.load(id);
  }

  /** Asks Pidj whether it accepts our credentials. Throws like any other call. */
  checkAuthorization(): Promise<{ readonly message: string | null }> {
    return this.#client.authorizationCheck(this.#scope);
  }
}
