import DataLoader from "dataloader";
import { InputError, PlatformError, valueOrNull, valueOrThrow } from "../errors.ts";
import type { ContactId } from "../ids.ts";
import { beginWords, contactName, searchWords } from "../names.ts";
import type { E164 } from "../phone.ts";
import type { ContactRecord } from "../pidj/records.ts";
import type { ReadScope } from "../rest/calls.ts";
import { withinTime } from "../rest/waiting.ts";
import { type ContactDirectory, type ContactLink, linkTo } from "../store/contacts.ts";
import type { ParticipantRecord } from "../textizen/records.ts";
import { Listing } from "./listing.ts";
import { cursorOf, type Order, Page, type PageArguments, requireWindow } from "./paging.ts";
import { type PeopleSearch, type SearchPage, searchPeople } from "./people-search.ts";
import type { PidjLoaders } from "./pidj.ts";
import type { TextizenLoaders } from "./textizen.ts";

/** How many contacts one operation reads to find out who still has a number. */
const MOST_CONFIRMED = 100;

/** Finds the contact, participant and name of a phone number, for one operation. */
export class PeopleLoaders {
  readonly #pidj: PidjLoaders;
  readonly #textizen: TextizenLoaders;
  readonly #directory: ContactDirectory;
  readonly #known: DataLoader<E164, ContactLink>;
  readonly #confirmed = new Map<E164, Promise<ContactLink>>();
  #confirmable = MOST_CONFIRMED;
  readonly #scope: ReadScope;
  readonly #now: () => Date;

  constructor(
    directory: ContactDirectory,
    pidj: PidjLoaders,
    textizen: TextizenLoaders,
    scope: ReadScope,
    now: () => Date,
  ) {
    this.#scope = scope;
    this.#directory = directory;
    this.#pidj = pidj;
    this.#textizen = textizen;
    this.#known = new DataLoader((numbers) => directory.links(numbers));
    this.#now = now;
  }

  /**
   * What the directory knew about the number at the operation's first question. If several contacts were seen with it
   * and the link is not confirmed, each is read, and only those that still have the number stay. Throws StoreError if
   * the directory cannot be read.
   */
  link(number: E164): Promise<ContactLink> {
    const link = this.#confirmed.get(number) ?? this.#confirm(number);
    this.#confirmed.set(number, link);
    return link;
  }

  async #confirm(number: E164): Promise<ContactLink> {
    const link = await this.#known.load(number);
    const { candidateIds, isConfirmed } = link;
    if (isConfirmed || candidateIds.length > this.#confirmable) {
      return link;
    }
    this.#confirmable -= candidateIds.length;
    const now = this.#now();
    const contacts = await Promise.all(candidateIds.map((id) => this.#pidj.contact(id))).catch(() => null);
    const numbers = contacts?.map((contact) => (contact === null ? null : contact.phoneNumber));
    if (!numbers?.every((found) => found !== undefined && !(found instanceof PlatformError))) {
      return link;
    }
    const holders = candidateIds.filter((_, at) => numbers[at] === number);
    return linkTo(
      holders.map((contactId) => ({ contactId, source: "READ", seenAt: now.getTime() })),
      now,
    );
  }

  /** The contact that the directory links to the number, if Pidj still says that the number is the contact's. */
  async contact(number: E164): Promise<ContactRecord | null> {
    const link = await this.link(number);
    const [contactId] = link.candidateIds;
    if (link.state !== "LINKED" || contactId === undefined) {
      return null;
    }
    const row = await this.#pidj.contactRow(contactId);
    const contact = row !== null && row.phoneNumber === undefined ? await this.#pidj.contact(contactId) : row;
    return valueOrThrow(contact?.phoneNumber) === number ? contact : null;
  }

  /**
   * The contacts of the directory, by id: the list of contacts if Pidj's own is not read. Each contact of the page is
   * read. One that Pidj no longer has is left out; one that could not be read has only its id. A name is looked for as
   * `searchWords` has it, in the names that the directory knows.
   */
  async knownContacts(
    args: PageArguments,
    direction: Order["direction"],
    { phoneNumber: number = null, name = null }: KnownContactsFilter,
  ): Promise<Page<ContactRecord>> {
    const words = name === null ? [] : searchWords(name);
    if (words.length === 0 && name !== null && name.trim() !== "") {
      throw new InputError(
        "filter.name",
        "filter.name must have a letter or a digit: words of names are looked for here.",
      );
    }
    if (number !== null) {
      const contacts = await this.#contactsNumbered(number);
      const named = contacts.filter((contact) => beginWords(words, searchWords(contactName(contact) ?? "")));
      return (await Listing.of(named, {})).page({ ...args, orderBy: { field: "ID", direction } });
    }
    const known = words.length === 0 ? this.#directory : idsOf((await this.#directory.named(words)).contacts);
    const window = requireWindow(args, { field: "ID", direction });
    const reverse = window.backwards !== (direction === "DESC");
    const [lower, upper] = direction === "ASC" ? [window.after, window.before] : [window.before, window.after];
    const ids = await known.page({
      ...(lower !== null && { after: lower.id as ContactId }),
      ...(upper !== null && { before: upper.id as ContactId }),
      limit: window.count + 1,
      reverse,
    });
    const hasMore = ids.length > window.count;
    const cut = ids.slice(0, window.count);
    const shown = window.backwards ? cut.reverse() : cut;
    const cursorAt = (id: ContactId) => cursorOf({ field: "ID", name: null, id });
    const [startCursor, endCursor] = [shown.at(0), shown.at(-1)].map((id) => id && cursorAt(id));
    return new Page(await this.#readKnown(shown), {
      totalCount: await known.count(),
      hasNextPage: window.backwards ? window.before !== null : hasMore,
      hasPreviousPage: window.backwards ? hasMore : window.after !== null,
      cursorOf: ({ id }) => cursorAt(id),
      startCursor,
      endCursor,
    });
  }

  /** The contacts that the directory links to a number or has as candidates, and that have it according to Pidj. */
  async #contactsNumbered(number: E164): Promise<readonly ContactRecord[]> {
    const { candidateIds } = await this.link(number);
    const contacts = await this.#readKnown(candidateIds);
    return contacts.filter((contact) => contact.phoneNumber === undefined || contact.phoneNumber === number);
  }

  async #readKnown(ids: readonly ContactId[]): Promise<ContactRecord[]> {
    const contacts = await Promise.all(
      ids.map((id) => this.#pidj.contact(id).catch((): ContactRecord => ({ id, isDetail: false }))),
    );
    return contacts.filter((contact) => contact !== null);
  }

  /** See `searchPeople`. */
  search(search: PeopleSearch): Promise<SearchPage | null> {
    return searchPeople({ pidj: this.#pidj, textizen: this.#textizen, directory: this.#directory }, search);
  }

  /** The participant with the number; null if none or several have it. */
  async participant(number: E164): Promise<ParticipantRecord | null> {
    return (await this.#textizen.participants()).onlyNumbered(number);
  }

  /**
   * The contact's name, else the participant's; null if neither platform has one. If Pidj fails or has not answered in
   * half the time, the participant's name is used. The error is thrown only if there is no name then. A name that the
   * caller may not read counts as none.
   */
  async displayName(number: E164, may: ReadableNames): Promise<string | null> {
    const contactName = may.ofContact ? unlessNotConfigured(this.#contactName(number)) : NO_NAME;
    const early = await withinTime(
      contactName.catch(() => null),
      this.#scope.timeLeft() / 2,
    );
    if (early !== null) {
      return early;
    }
    const participantName = may.ofParticipant ? unlessNotConfigured(this.#participantName(number)) : NO_NAME;
    return (await participantName.catch(() => null)) ?? (await contactName) ?? (await participantName);
  }

  async #contactName(number: E164): Promise<string | null> {
    const row = await this.contact(number);
    const contact = row === null || saysName(row) ? row : await this.#pidj.contact(row.id);
    return contact === null ? null : contactName(contact);
  }

  async #participantName(number: E164): Promise<string | null> {
    return valueOrThrow((await this.participant(number))?.name);
  }
}

interface KnownContactsFilter {
  readonly phoneNumber?: E164 | null;
  readonly name?: string | null;
}

/** Ids that were found, as the directory pages its own. */
function idsOf(found: readonly { readonly id: ContactId }[]): Pick<ContactDirectory, "page" | "count"> {
  const all = found.map(({ id }) => id).sort();
  return {
    page: async ({ after, before, limit, reverse = false }) => {
      const within = all.filter((id) => (after === undefined || id > after) && (before === undefined || id < before));
      return (reverse ? within.reverse() : within).slice(0, limit);
    },
    count: async () => all.length,
  };
}

/** The names of a person that the caller may read. */
interface ReadableNames {
  readonly ofContact: boolean;
  readonly ofParticipant: boolean;
}

const NO_NAME = Promise.resolve(null);

/** Whether a contact's name is known from this row: it may lack what only the read by id has. */
function saysName({ displayName, firstName, lastName, businessName }: ContactRecord): boolean {
  if (displayName === undefined || valueOrNull(displayName) !== null) {
    return displayName !== undefined;
  }
  const isNamed = valueOrNull(firstName) !== null || valueOrNull(lastName) !== null;
  return firstName !== undefined && lastName !== undefined && (isNamed || businessName !== undefined);
}

/** A platform that is not configured has no names; that is no error. */
async function unlessNotConfigured(name: Promise<string | null>): Promise<string | null> {
  try {
    return await name;
  } catch (error) {
    if (error instanceof PlatformError && error.reason === "not-configured") {
      return null;
    }
    throw error;
  }
}
