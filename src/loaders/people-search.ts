import { PlatformError, StoreError, valueOrNull } from "../errors.ts";
import { contactName, searchWords } from "../names.ts";
import { type E164, type Region, readTypedNumber } from "../phone.ts";
import type { ContactDirectory } from "../store/contacts.ts";
import type { SearchText } from "./list-search.ts";
import { numberOf } from "./listing.ts";
import { cutPage, type Page, type PageArguments, requireWindow } from "./paging.ts";
import type { PidjLoaders } from "./pidj.ts";
import type { TextizenLoaders } from "./textizen.ts";

/** Why a search may have missed people, by the names of the graph. */
export type SearchGap =
  | "CONTACTS_NEVER_SEEN"
  | "CONTACTS_FORBIDDEN"
  | "CONTACTS_UNAVAILABLE"
  | "PARTICIPANTS_FORBIDDEN"
  | "PARTICIPANTS_UNAVAILABLE"
  | "TOO_MANY_MATCHES";

/** A person who was found, once however often. */
export interface FoundPerson {
  readonly id: E164;
  /** The name that was found; null if it was found by number and has none there. */
  readonly name: string | null;
  readonly kind: "NUMBER" | "CONTACT_NAME" | "PARTICIPANT_NAME";
}

/** What one platform's people, or those that are known of it, contribute. */
interface Contribution {
  readonly found: readonly { readonly phoneNumber: E164 | null; readonly name: string | null }[];
  readonly gaps: readonly SearchGap[];
}

interface SearchSources {
  readonly pidj: PidjLoaders;
  readonly textizen: TextizenLoaders;
  readonly directory: ContactDirectory;
}

export interface PeopleSearch extends PageArguments {
  /** A name's words or their beginnings, or a number or its beginning. */
  readonly text: string;
  /** Whose national form a number may have. */
  readonly region: Region;
  /** Where contacts are looked for: in Pidj's list, or, without it, among those that were seen. */
  readonly contacts: "listed" | "seen" | "none";
  readonly may: { readonly seeContacts: boolean; readonly seeParticipants: boolean };
}

export interface SearchPage {
  readonly page: Page<FoundPerson>;
  readonly gaps: readonly SearchGap[];
}

/** Of each platform. More are of no use to somebody who can type another letter. */
const MOST_FOUND = 1_000;
const NOTHING: Contribution = { found: [], gaps: [] };

/**
 * Finds people by name or number: a number that was typed in full comes first, then all others by name. Null if the text
 * says too little to search for: neither a letter nor three digits.
 */
export async function searchPeople(sources: SearchSources, search: PeopleSearch): Promise<SearchPage | null> {
  const window = requireWindow(search, ORDER);
  const number = readTypedNumber(search.text, search.region);
  const wanted: SearchText = number ?? { words: searchWords(search.text) };
  if ("words" in wanted && !wanted.words.some((word) => /\p{L}/u.test(word))) {
    return null;
  }
  const [contacts, participants] = await Promise.all([
    search.may.seeContacts
      ? unlessItFails("CONTACTS_UNAVAILABLE", () => searchContacts(sources, search.contacts, wanted))
      : { found: [], gaps: ["CONTACTS_FORBIDDEN"] as const },
    search.may.seeParticipants
      ? unlessItFails("PARTICIPANTS_UNAVAILABLE", () => searchParticipants(sources, wanted))
      : { found: [], gaps: ["PARTICIPANTS_FORBIDDEN"] as const },
  ]);
  const matches = new Map<E164, FoundPerson>();
  // Of somebody whom both know, the contact's name counts, as in `Person.displayName`.
  add(matches, participants, number === null ? "PARTICIPANT_NAME" : "NUMBER");
  add(matches, contacts, number === null ? "CONTACT_NAME" : "NUMBER");
  const whole = number?.whole ?? null;
  if (whole !== null && !matches.has(whole)) {
    // There is a person for every number.
    matches.set(whole, { id: whole, name: null, kind: "NUMBER" });
  }
  const keyOf = (match: FoundPerson) => ({ field: ORDER.field, name: rankOf(match, whole), id: match.id });
  const sorted = [...matches.values()]
    .map((match) => ({ match, rank: rankOf(match, whole) }))
    .sort((a, b) => (a.rank === b.rank ? (a.match.id < b.match.id ? -1 : 1) : a.rank < b.rank ? -1 : 1))
    .map(({ match }) => match);
  const positions = Uint32Array.from(sorted, (_, at) => at);
  return {
    page: cutPage(positions, (at) => sorted[at] as FoundPerson, window, ORDER, keyOf),
    gaps: [...new Set([...contacts.gaps, ...participants.gaps])],
  };
}

const ORDER = { field: "NAME", direction: "ASC" } as const;

/** What people are ordered by: the number that was typed, then those with a name, then the others. */
function rankOf({ id, name }: FoundPerson, whole: E164 | null): string {
  return id === whole ? "0" : name === null ? "2" : `1${searchWords(name).join(" ")}`;
}

function add(matches: Map<E164, FoundPerson>, { found }: Contribution, kind: FoundPerson["kind"]): void {
  for (const { phoneNumber, name } of found) {
    if (phoneNumber !== null && (name !== null || !matches.has(phoneNumber))) {
      matches.set(phoneNumber, { id: phoneNumber, name, kind });
    }
  }
}

async function searchContacts(
  { pidj, directory }: SearchSources,
  contacts: PeopleSearch["contacts"],
  wanted: SearchText,
): Promise<Contribution> {
  if (contacts === "none") {
    return NOTHING;
  }
  if (contacts === "listed") {
    const list = await pidj.contacts();
    const { rows, isComplete } = await list.search.find(wanted, MOST_FOUND);
    const found = rows.map((contact) => ({ phoneNumber: numberOf(contact), name: contactName(contact) }));
    return { found, gaps: gapsOf(list, isComplete, "CONTACTS_UNAVAILABLE") };
  }
  const searches = "words" in wanted ? [directory.named(wanted.words)] : wanted.beginnings.map(directory.numbered);
  const results = await Promise.all(searches);
  return {
    found: results.flatMap((result) => result.contacts),
    gaps: [
      "CONTACTS_NEVER_SEEN",
      ...(results.every(({ isComplete }) => isComplete) ? [] : (["TOO_MANY_MATCHES"] as const)),
    ],
  };
}

async function searchParticipants({ textizen }: SearchSources, wanted: SearchText): Promise<Contribution> {
  const list = await textizen.participants();
  const { rows, isComplete } = await list.search.find(wanted, MOST_FOUND);
  const found = rows.map((participant) => ({
    phoneNumber: numberOf(participant),
    name: valueOrNull(participant.name),
  }));
  return { found, gaps: gapsOf(list, isComplete, "PARTICIPANTS_UNAVAILABLE") };
}

/** Somebody may be in a row that was left out of the list. */
function gapsOf({ skippedRows }: { readonly skippedRows: number }, isComplete: boolean, gap: SearchGap): SearchGap[] {
  return [...(skippedRows > 0 ? [gap] : []), ...(isComplete ? [] : (["TOO_MANY_MATCHES"] as const))];
}

/** One platform's failure hides nobody of the other. */
async function unlessItFails(gap: SearchGap, search: () => Promise<Contribution>): Promise<Contribution> {
  try {
    return await search();
  } catch (error) {
    if (error instanceof PlatformError || error instanceof StoreError) {
      return error instanceof PlatformError && error.reason === "not-configured" ? NOTHING : { found: [], gaps: [gap] };
    }
    throw error;
  }
}
