import type { Faker } from "@faker-js/faker";
import type { World } from "./world.ts";

// All numbers have the exchange 555, which is reserved for fiction: 10,000 numbers in each area code.
const AREA_CODES = [
  201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231, 234,
  239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302, 303, 304, 305, 307, 308, 309,
  310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330,
];
const TIMEZONES = ["America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York"];
const TAGS = ["VIP", "Spanish", "Landlord", "Do not call", "Press", "Volunteer"];
const FIRST_PARTICIPANT_ID = 1001;

export const MOST_PEOPLE = 500_000;

/**
 * A third of the people are on both platforms, under the same number; a third on Pidj alone, a third on Textizen alone.
 */
export function addPeople(world: World, faker: Faker, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const first = faker.person.firstName();
    const last = faker.person.lastName();
    const number = makeNumber(index);
    if (index % 3 !== 2) {
      addContact(world, faker, index, first, last, number);
    }
    if (index % 3 !== 1) {
      addParticipant(world, faker, index, `${first} ${last}`, number);
    }
  }
}

/** The `index`-th of the numbers, all different, without a plus. */
function makeNumber(index: number): string {
  const place = index % AREA_CODES.length;
  // 7,919 and 10,000 have no common divisor: each area code uses every line number once before one is repeated.
  const line = (Math.floor(index / AREA_CODES.length) * 7919 + place * 163 + 4821) % 10_000;
  return `1${AREA_CODES[place]}555${String(line).padStart(4, "0")}`;
}

function addContact(world: World, faker: Faker, index: number, first: string, last: string, number: string): void {
  const chance = (percent: number): boolean => faker.number.int(99) < percent;
  // Pidj's sample contact has "" for some absent values and null for others (docs/platforms.md P-15).
  const absent = chance(50) ? "" : null;
  world.contacts.put({
    id: world.makePidjId("co"),
    first_name: first,
    last_name: chance(5) ? absent : last,
    business_name: chance(12) ? faker.company.name() : "",
    display_name: chance(15) ? `${first} ${last.charAt(0)}.` : absent,
    email_address: chance(80)
      ? `${first}.${last}.${index}@example.com`.replace(/[^a-zA-Z0-9.@]/g, "").toLowerCase()
      : absent,
    phone_number: `+${number}`,
    phone_office: chance(10) ? `+${makeNumber(MOST_PEOPLE + (index % 100_000))}` : null,
    phone_fax: chance(3) ? `+${makeNumber(MOST_PEOPLE + (index % 100_000))}` : null,
    timezone: TIMEZONES[faker.number.int(TIMEZONES.length - 1)] ?? null,
    tags: TAGS.filter(() => chance(10)),
    external_id: chance(20) ? `crm-${100_000 + index}` : absent,
    group_id: null,
    addresses: {},
  });
}

function addParticipant(world: World, faker: Faker, index: number, name: string, number: string): void {
  const [campaign] = world.campaigns.keys();
  const draw = faker.number.int(999);
  world.participants.put({
    id: FIRST_PARTICIPANT_ID + index,
    // People who texted in by themselves have a number and no name.
    name: draw % 20 === 1 ? null : name,
    phone_number: number,
    is_masked: draw % 33 === 5,
    subscribed: draw % 25 !== 3,
    created_at: new Date(Date.UTC(2025, 11, 1, 14, index % 60, draw % 60) + (index % 90) * 3_600_000).toISOString(),
    campaign_id: draw % 5 === 2 ? (campaign ?? null) : null,
    group_ids: [...world.textizenGroups.keys()].filter((_, at) => (draw >> at) % 4 === 1),
    tokens: campaign !== undefined && draw % 10 === 0 ? { [campaign]: { "VOTING-DATE": "2026-11-03" } } : {},
  });
}
