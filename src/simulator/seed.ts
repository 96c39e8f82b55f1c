import { en, Faker } from "@faker-js/faker";
import { addPeople } from "./people.ts";
import { addCampaigns, addPolls } from "./polls.ts";
import { World } from "./world.ts";

export interface Sizes {
  readonly people: number;
  readonly polls: number;
  readonly responsesPerPoll: number;
  readonly pidjGroups: number;
  readonly series: number;
  readonly surveys: number;
  readonly textizenGroups: number;
  readonly campaigns: number;
}

export const DEFAULT_SIZES: Sizes = {
  people: 300,
  polls: 8,
  responsesPerPoll: 300,
  pidjGroups: 8,
  series: 5,
  surveys: 4,
  textizenGroups: 8,
  campaigns: 3,
};

/** Both platforms' records at the start: the same for the same seed and sizes, on any day. */
export function createWorld(seed: number, sizes: Sizes): World {
  // Each part has a random source of its own: more polls do not change the people.
  const faker = (part: number): Faker => new Faker({ locale: [en], seed: seed * 10 + part });
  const world = new World(faker(0));
  addGroups(world, sizes);
  addCampaigns(world, sizes.campaigns);
  addPeople(world, faker(1), sizes.people);
  addUsers(world, faker(2));
  addPolls(world, faker(3), sizes);
  return world;
}

const SHARED_NAMES = ["Volunteers", "Parents", "Block Captains", "Bus Riders", "Library Friends"];
const PIDJ_NAMES = ["Help Desk", "Permits", "Billing", "Dispatch"];
const TEXTIZEN_NAMES = ["Youth Council", "Park Stewards", "Seniors"];
// Hexadecimal, rgb, rgba, CSS name, or not set (docs/platforms.md P-29).
const COLORS = ["#1e88e5", "rgb(67, 160, 71)", "rgba(229, 57, 53, 0.8)", "rebeccapurple", null];
const SERIES_NAMES = ["Welcome", "New Parent Tips", "Quit Smoking", "Winter Readiness", "Appointment Reminders"];
const SURVEY_NAMES = ["Satisfaction after a visit", "Service quality", "Neighborhood needs", "Exit interview"];

function addGroups(world: World, sizes: Sizes): void {
  for (let index = 0; index < sizes.pidjGroups; index += 1) {
    world.pidjGroups.put({
      id: world.makePidjId("gr"),
      name: nth([...SHARED_NAMES, ...PIDJ_NAMES], index),
      phone_number: index === 2 || index === 6 ? null : `+1888555${String(2000 + index).padStart(4, "0")}`,
      color: COLORS[index % COLORS.length] ?? null,
      is_active: true,
    });
  }
  const inactive = world.pidjGroups.put({
    id: world.makePidjId("gr"),
    name: "Last Year's Campaign",
    phone_number: "+18885551999",
    color: null,
    is_active: false,
  });
  const active = [...world.pidjGroups.keys()].filter((id) => id !== inactive.id);
  for (let index = 0; index < sizes.series; index += 1) {
    const assigned = active.filter((_, at) => at % 3 === index % 3);
    const group_ids = index === 0 ? [...assigned, inactive.id] : assigned;
    world.series.put({ id: world.makePidjId("ts"), name: nth(SERIES_NAMES, index), group_ids });
  }
  for (let index = 0; index < sizes.surveys; index += 1) {
    world.surveys.put({ id: world.makePidjId("sv"), name: nth(SURVEY_NAMES, index) });
  }
  // The last group has the name of the first: that name has no single counterpart.
  const last = sizes.textizenGroups - 1;
  for (let index = 0; index <= last; index += 1) {
    const name = index === last && last > 0 ? "volunteers" : nth([...SHARED_NAMES, ...TEXTIZEN_NAMES], index);
    const written = index % 4 === 1 ? name.toUpperCase() : index % 4 === 3 ? ` ${name} ` : name;
    world.textizenGroups.put({
      id: 71 + index,
      name: written,
      created_at: `2025-11-${String((index % 28) + 1).padStart(2, "0")}T15:00:00.000Z`,
    });
  }
}

function addUsers(world: World, faker: Faker): void {
  const roles = [["admin", "manager"], ["manager"], ["agent"], ["agent", "night-dispatch"]];
  roles.forEach((assigned, index) => {
    const first_name = faker.person.firstName();
    const last_name = faker.person.lastName();
    world.pidjUsers.put({
      id: world.makePidjId("us"),
      first_name,
      last_name,
      business_name: index === 0 ? "City Hall" : "",
      display_name: index === 2 ? `${first_name} (desk 4)` : "",
      email_address: `${first_name}.${last_name}@cityhall.example`.toLowerCase(),
      phone_number: index === 3 ? "" : `+1888555${3000 + index}`,
      tags: index === 1 ? ["Spanish", "Night shift"] : [],
      username: `${first_name}${index}`.toLowerCase(),
      roles: assigned,
      external_id: index === 0 ? "staff-1001" : "",
      group_ids: [...world.pidjGroups.keys()].slice(0, 2),
      timezone: "America/Denver",
      is_paused: index === 3,
      is_deleted: false,
    });
  });
}

function nth(names: readonly string[], index: number): string {
  const round = Math.floor(index / names.length);
  return `${names[index % names.length]}${round === 0 ? "" : ` ${round + 1}`}`;
}
