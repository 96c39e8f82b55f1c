/** A platform's answer before it is framed: the route it is counted under, and its JSON body. */
interface Answer {
  readonly route: string;
  readonly path: string;
  readonly body: string;
}

export interface Contact {
  readonly first_name: string;
  readonly last_name: string;
  readonly email_address: string;
  readonly phone_number: string;
}

export interface Participant {
  readonly id: number;
  readonly name: string;
  readonly phone_number: string;
}

export interface Campaign {
  readonly id: number;
  readonly title: string;
  readonly description: string;
}

/** How many people can be read by id, each with a contact, a participant and a campaign of its own. */
export const PEOPLE = 64;

/** How many participants can be read by id. */
export const PARTICIPANTS = 100;

export function contactId(n: number): string {
  return `co:${n.toString(16).padStart(8, "0")}-2b2a-50fd-9280-5c51a9dd1fd8`;
}

export function contact(n: number): Contact {
  return {
    first_name: `First${n}`,
    last_name: `Last${n}`,
    email_address: `person${n}@example.com`,
    phone_number: `+${14_152_000_000 + n}`,
  };
}

export function participant(n: number): Participant {
  return { id: n, name: `First${n} Last${n}`, phone_number: `${14_152_000_000 + n}` };
}

export function campaign(n: number): Campaign {
  return { id: n, title: `Campaign ${n}`, description: `What campaign ${n} is about, in one sentence.` };
}

/**
 * Everything that can be read, in Pidj's shapes (docs/platforms.md, Read a contact) and in the bare shapes that
 * Textizen most likely has (docs/platforms.md T-9): lists of lean rows, details with more keys.
 *
 * @param rows how many participants the list of participants has
 */
export function answers(rows: number): Answer[] {
  const people = count(PEOPLE);
  return [
    ...people.map((n) => pidj("GET /contact/{id}", `contact/${contactId(n)}`, { contact: contactDetail(n) })),
    pidj("GET /groups", "groups", { groups: [] }),
    pidj("GET /series", "series", { series: [] }),
    pidj("GET /surveys", "surveys", { surveys: [] }),
    pidj("GET /authorization-check", "authorization-check", { message: "Authorization successful." }),
    pidj("POST /send", "send", { message: "Text sent." }),
    ...count(PARTICIPANTS).map((n) =>
      textizen("GET /api/participants/{id}", `participants/${n}`, participantDetail(n)),
    ),
    ...people.map((n) => textizen("GET /api/campaigns/{id}", `campaigns/${n}`, campaignDetail(n))),
    textizen("GET /api/participants", "participants", participants(rows)),
    textizen(
      "GET /api/campaigns",
      "campaigns",
      people.map((n) => ({ id: n, title: campaign(n).title })),
    ),
    textizen("GET /api/groups", "groups", []),
    textizen("GET /api/polls", "polls", []),
    textizen("GET /api/user", "user", { id: 7, email: "team@example.com", name: "Team", organization_id: 1 }),
    textizen("POST /api/users/sign_in", "users/sign_in", { auth_token: "bench" }),
  ];
}

function count(most: number): number[] {
  return Array.from({ length: most }, (_, index) => index + 1);
}

function pidj(route: string, path: string, content: object): Answer {
  return { route, path: `/pidj/${path}`, body: JSON.stringify({ code: 200, status: "success", ...content }) };
}

function textizen(route: string, path: string, content: object): Answer {
  return { route, path: `/textizen/api/${path}`, body: JSON.stringify(content) };
}

function participants(rows: number): Participant[] {
  return count(rows).map(participant);
}

function contactDetail(n: number) {
  return {
    ...contact(n),
    business_name: "",
    display_name: "",
    phone_office: null,
    phone_fax: null,
    timezone: "America/Denver",
    tags: ["VIP"],
    external_id: null,
  };
}

function participantDetail(n: number) {
  return {
    ...participant(n),
    subscribed: true,
    created_at: "2026-03-14T19:26:53.895Z",
    campaign_id: n,
    groups: [{ id: 72, name: "Everybody" }],
  };
}

function campaignDetail(n: number) {
  return {
    ...campaign(n),
    info_message: "Hello! Reply QUIT to unsubscribe.",
    webhook_url: "https://example.com/webhook",
    exchange: "867",
    organization_id: 1,
    created_at: "2026-01-05T08:00:00.000Z",
  };
}
