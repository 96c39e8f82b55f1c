import type { Faker } from "@faker-js/faker";

/**
 * A collection by id, in the order of creation. Rows are replaced and never changed in place, so an unchanged `version`
 * means unchanged rows.
 */
export class Collection<Row extends { readonly id: string | number }> extends Map<Row["id"], Row> {
  version = 0;

  put(row: Row): Row {
    this.set(row.id, row);
    return row;
  }

  override set(id: Row["id"], row: Row): this {
    this.version += 1;
    return super.set(id, row);
  }

  override delete(id: Row["id"]): boolean {
    this.version += 1;
    return super.delete(id);
  }

  override clear(): void {
    this.version += 1;
    super.clear();
  }
}

/**
 * What `GET /contact/{id}` returns (docs/platforms.md, Read a contact), and the properties that can only be written.
 */
export interface Contact {
  readonly id: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly business_name: string | null;
  readonly display_name: string | null;
  readonly email_address: string | null;
  readonly phone_number: string;
  readonly phone_office: string | null;
  readonly phone_fax: string | null;
  readonly timezone: string | null;
  readonly tags: readonly string[];
  readonly external_id: string | null;
  readonly group_id: string | null;
  /** By their names on the wire: `home_street_1` … `business_country`. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** docs/platforms.md P-14, and the properties that can only be written. The password is checked and not stored. */
export interface PidjUser {
  readonly id: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly business_name: string;
  readonly display_name: string;
  readonly email_address: string;
  readonly phone_number: string;
  readonly tags: readonly string[];
  readonly username: string;
  readonly roles: readonly string[];
  readonly external_id: string;
  readonly group_ids: readonly string[];
  readonly timezone: string;
  readonly is_paused: boolean;
  readonly is_deleted: boolean;
}

/** docs/platforms.md, List Pidj groups. */
export interface PidjGroup {
  readonly id: string;
  readonly name: string;
  readonly phone_number: string | null;
  readonly color: string | null;
  /** `GET /groups` returns active groups only, though a series may name others. */
  readonly is_active: boolean;
}

export interface Series {
  readonly id: string;
  readonly name: string;
  readonly group_ids: readonly string[];
}

export interface Survey {
  readonly id: string;
  readonly name: string;
}

export interface Task {
  readonly id: string;
  readonly form: Readonly<Record<string, string>>;
}

export interface Participant {
  readonly id: number;
  readonly name: string | null;
  /** Digits with the country code, without a plus (docs/platforms.md T-16). */
  readonly phone_number: string;
  /** Answered as `*******1212`: docs/platforms.md T-16. */
  readonly is_masked: boolean;
  readonly subscribed: boolean;
  readonly created_at: string;
  readonly campaign_id: number | null;
  readonly group_ids: readonly number[];
  /** Tokens by campaign. */
  readonly tokens: Readonly<Record<number, Readonly<Record<string, string>>>>;
}

export interface TextizenGroup {
  readonly id: number;
  readonly name: string;
  readonly created_at: string;
}

export interface Campaign {
  readonly id: number;
  readonly title: string;
  readonly description: string | null;
  readonly info_message: string | null;
  readonly webhook_url: string | null;
  readonly exchange: string | null;
  readonly organization_id: number;
  readonly created_at: string;
}

export interface Question {
  readonly id: number;
  readonly text: string;
  readonly question_type: string;
  readonly sequence: number;
  readonly options: readonly Option[];
}

export interface Option {
  readonly id: number;
  readonly text: string;
  readonly value: string;
  readonly followups: readonly Question[];
}

export interface Poll {
  readonly id: number;
  readonly title: string;
  readonly language: string;
  readonly active: boolean;
  readonly public: boolean;
  readonly campaign_id: number | null;
  /** Digits without a plus, or a short code. */
  readonly phone: string | null;
  readonly confirmation: string | null;
  readonly error_message: string | null;
  readonly type: string | null;
  readonly created_at: string;
  readonly start_date: string | null;
  readonly end_date: string | null;
  readonly questions: readonly Question[];
}

export interface PollResponse {
  readonly id: number;
  readonly poll_id: number;
  readonly question_id: number;
  readonly participant_id: number;
  readonly response: string;
  readonly created_at: string;
  /** The option that it matched; null for free text. */
  readonly option_id: number | null;
}

export interface Mailing {
  readonly id: number;
  readonly poll_id: number;
  /** RFC 3339 in UTC; null if it is saved and not scheduled. */
  readonly send_at: string | null;
  readonly group_ids: readonly number[];
  /** Numbers in the form of `Participant`, separated by commas. */
  readonly phone_numbers_list: string | null;
  readonly created_at: string;
}

/** Both platforms' records, live. */
export class World {
  readonly contacts = new Collection<Contact>();
  readonly pidjUsers = new Collection<PidjUser>();
  readonly pidjGroups = new Collection<PidjGroup>();
  readonly series = new Collection<Series>();
  readonly surveys = new Collection<Survey>();
  readonly tasks = new Collection<Task>();
  readonly participants = new Collection<Participant>();
  readonly textizenGroups = new Collection<TextizenGroup>();
  readonly campaigns = new Collection<Campaign>();
  readonly polls = new Collection<Poll>();
  readonly mailings = new Collection<Mailing>();
  readonly responses = new Collection<PollResponse>();
  readonly #faker: Faker;
  #lastId = 10_000_000;

  constructor(faker: Faker) {
    this.#faker = faker;
  }

  /** An id in the form of the document's samples: like a UUID, with letters beyond f (docs/platforms.md P-21). */
  makePidjId(prefix: "co" | "us" | "gr" | "ts" | "sv" | "ci"): string {
    let text = "";
    while (text.length < 32) {
      text += this.#faker.number
        .int({ max: 36 ** 6 - 1 })
        .toString(36)
        .padStart(6, "0");
    }
    const part = (from: number, to: number): string => text.slice(from, to);
    return `${prefix}:${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
  }

  /** An id for a Textizen record that is created at run time. No two kinds of record share an id. */
  makeTextizenId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}
