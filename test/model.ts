/** What both platforms and the store hold, as far as the writes can change it; everything else is the simulator's affair. */
export class Model {
  readonly contacts = new Map<string, Contact>();
  readonly users = new Map<string, User>();
  readonly groups = new Map<string, { readonly name: string }>();
  readonly participants = new Map<string, Participant>();
  /** Numbers that may not be texted. */
  readonly optedOut = new Set<string>();
  /** The recipients of texts, by idempotency key. */
  readonly accepted = new Map<string, string>();
  /** Every id ever given out, so that writes and reads meet what is gone, too. */
  readonly contactIds: string[] = [];
  /** The campaign that tokens are for. */
  readonly campaignId: string;
  /** Whether Pidj lists contacts. */
  readonly hasContactList: boolean;

  constructor(world: { readonly campaignId: string; readonly hasContactList: boolean }) {
    this.campaignId = world.campaignId;
    this.hasContactList = world.hasContactList;
  }
}

interface Contact {
  readonly phoneNumber: string;
  readonly firstName: string | null;
}

export interface User {
  readonly username: string;
  readonly firstName: string | null;
  readonly isDeleted: boolean;
}

export interface Participant {
  readonly phoneNumber: string;
  readonly name: string | null;
  readonly groupIds: readonly string[];
  readonly tokens: ReadonlyMap<string, string>;
}

/** What chance decides about one write; which record it is about, the model tells. */
export interface Choice {
  readonly mutation: string;
  readonly at: number;
  readonly other: number;
  readonly number: number | undefined;
  readonly name: string | null | undefined;
}

export interface Write {
  readonly input: object;
  readonly selection: string;
  /** Does to the model what the mutation does to the platform; gives the payload that is due. */
  readonly carryOut: (answered: Payload) => object;
}

/** Mutations by name; each is made before the operation goes out, and carried out on the model when its turn comes. */
export type Writes = Readonly<Record<string, (model: Model, choice: Choice) => Write>>;

export type Payload = Readonly<Record<string, { readonly id: string } | null>>;

/** A clock that stands still: what was read before a write in the same millisecond must not win against it. */
export const STANDING = new Date("2026-11-01T12:00:00Z");

export const NUMBERS = [0, 1, 2, 3].map((digit) => `+1415555010${digit}`);
export const CONTACT = "id firstName phoneNumber";
export const USER = "id username firstName";
export const GROUP = "id name participants(first: 100) { nodes { id name } }";
export const participantOf = (campaignId: string): string =>
  `id name phoneNumber groups { id } tokens(campaignId: "${campaignId}") { key value }`;

export const showContact = (model: Model, id: string): object | null => {
  const contact = model.contacts.get(id);
  return contact === undefined ? null : { id, ...contact };
};

/** A person by its number alone: what the store knows. */
export const showPerson = (model: Model, phoneNumber: string): object => ({
  phoneNumber,
  optedOutAt: model.optedOut.has(phoneNumber) ? STANDING.toISOString() : null,
  contactLink: { state: holderOf(model.contacts, phoneNumber) === null ? "UNKNOWN" : "LINKED" },
});

export const showUser = (model: Model, id: string): object | null => {
  const user = model.users.get(id);
  return user === undefined || user.isDeleted ? null : { id, username: user.username, firstName: user.firstName };
};

export function showGroup(model: Model, id: string): object {
  const members = [...model.participants].filter(([, { groupIds }]) => groupIds.includes(id));
  const nodes = members.map(([member, { name }]) => ({ id: member, name }));
  return { id, ...model.groups.get(id), participants: { nodes: nodes.sort(byId) } };
}

export function showParticipant(model: Model, id: string): object | null {
  const participant = model.participants.get(id);
  if (participant === undefined) {
    return null;
  }
  const { name, phoneNumber, groupIds, tokens } = participant;
  const groups = groupIds.map((groupId) => ({ id: groupId }));
  return { id, name, phoneNumber, groups, tokens: Array.from(tokens, ([key, value]) => ({ key, value })) };
}

export const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);

/** The record of a number, if somebody has it. */
export function holderOf<Row extends { readonly phoneNumber: string }>(
  rows: ReadonlyMap<string, Row>,
  phoneNumber: string | undefined,
): string | null {
  return [...rows].find(([, row]) => row.phoneNumber === phoneNumber)?.[0] ?? null;
}

export const no = (code: string, ...names: readonly string[]): object => ({
  ...Object.fromEntries(names.map((name) => [name, null])),
  userErrors: [{ code }],
});
export const yes = (payload: object): object => ({ ...payload, userErrors: [] });

/** One of the ids, or now and then one that nobody has. */
export const pick = (ids: Iterable<string>, at: number, none: string): string => {
  const all = [...ids];
  return at === 9 ? none : (all[at % all.length] ?? none);
};
export const numberAt = (at: number | undefined): string => NUMBERS[at ?? 0] ?? "";
export const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
export const need = (payload: Payload, name: string): string => {
  const id = payload[name]?.id;
  if (id === undefined) {
    throw new Error(`the payload has no ${name}, though it is due: ${JSON.stringify(payload)}`);
  }
  return id;
};
