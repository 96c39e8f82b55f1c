import { base, en } from "@faker-js/faker";
import { type Answer, json, Refusal } from "./exchange.ts";
import type { Collection, PidjGroup, World } from "./world.ts";

/** Decoded form fields. A field that is left out is undefined, a blank one "". */
export type Form = Readonly<Record<string, string>>;

/** Carries out one call. Throws a `Refusal` if a check fails. */
export type PidjHandler = (call: { readonly id: string; readonly form: Form }) => Answer;

/** A refusal whose HTTP status repeats its code (docs/platforms.md P-1). */
export function refusal(code: number, message: string): Refusal {
  return new Refusal(json(code, { code, status: "error", message }));
}

/**
 * A refusal with HTTP 200 and the status `failure`, as Pidj answers for a group without a number
 * (docs/platforms.md P-1).
 */
export function failure(message: string): Refusal {
  return new Refusal(json(200, { code: 200, status: "failure", message }));
}

export function success(values: Readonly<Record<string, unknown>>): Answer {
  return json(200, { code: 200, status: "success", ...values });
}

/** The value of a required property. */
export function requireText(form: Form, name: string): string {
  const value = form[name];
  if (value === undefined || value.trim() === "") {
    throw refusal(400, `${name} is required.`);
  }
  return value;
}

/** Refuses a value that is neither absent nor blank nor E.164. */
export function checkNumber(form: Form, name: string): void {
  const value = form[name] ?? "";
  if (value !== "" && !/^\+[1-9][0-9]{6,14}$/.test(value)) {
    throw refusal(400, `${name} must be in E.164 format.`);
  }
}

/** The row that an id in a property names. Refuses an id with another prefix, and one of no row. */
export function requireRow<Row extends { readonly id: string }>(
  form: Form,
  name: string,
  prefix: string,
  rows: Collection<Row>,
): Row {
  const id = requireText(form, name);
  if (!id.startsWith(`${prefix}:`)) {
    throw refusal(400, `${name} must have the form ${prefix}:…`);
  }
  const row = rows.get(id);
  if (row === undefined) {
    throw refusal(400, `${name} is not known.`);
  }
  return row;
}

/** The sending group, from exactly one of from_number and group_id (docs/platforms.md P-8). */
export function requireSender(world: World, form: Form): PidjGroup {
  const groupId = chooseOne(form, "from_number", "group_id") === "group_id";
  if (!groupId) {
    checkNumber(form, "from_number");
    for (const group of world.pidjGroups.values()) {
      if (group.is_active && group.phone_number === form["from_number"]) {
        return group;
      }
    }
    throw refusal(400, "from_number is not an active number of one of your groups.");
  }
  const group = requireRow(form, "group_id", "gr", world.pidjGroups);
  if (!group.is_active) {
    throw refusal(400, "group_id is not known.");
  }
  if (group.phone_number === null) {
    throw failure("The group has no phone number associated with it; the message was not sent.");
  }
  return group;
}

/** Which of two properties is given. Refuses both and none. */
export function chooseOne(form: Form, one: string, other: string): string {
  const given = [one, other].filter((name) => (form[name] ?? "") !== "");
  if (given.length !== 1) {
    throw refusal(400, `Exactly one of ${one} and ${other} must be given.`);
  }
  return given[0] ?? one;
}

const TIMEZONES = new Set([...Intl.supportedValuesOf("timeZone"), "UTC"]);
const TIMEZONES_FOLDED = new Set([...TIMEZONES].map((zone) => zone.toLowerCase()));

/** Refuses a text that is no IANA identifier, letter case included (docs/platforms.md, Create a user). */
export function checkTimezone(form: Form): void {
  const zone = form["timezone"] ?? "";
  if (zone !== "" && !TIMEZONES.has(zone) && !isAlias(zone)) {
    throw refusal(400, "timezone is not an IANA time zone identifier.");
  }
}

function isAlias(zone: string): boolean {
  if (!/^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/.test(zone) || TIMEZONES_FOLDED.has(zone.toLowerCase())) {
    return false;
  }
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The items of a pipe separated list (docs/platforms.md P-12). */
export function splitList(value: string): string[] {
  return value
    .split("|")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** A group by its id, compared with letter case, or by its name, compared without (docs/platforms.md P-12). */
export function requireGroup(world: World, idOrName: string): PidjGroup {
  const folded = idOrName.trim().toLowerCase();
  for (const group of world.pidjGroups.values()) {
    if (group.is_active && (group.id === idOrName || group.name.trim().toLowerCase() === folded)) {
      return group;
    }
  }
  throw refusal(400, "A group is not known.");
}

const STATES = new Set([...(en.location?.state_abbr ?? []), "DC", "PR", "GU", "VI", "AS", "MP"]);
const COUNTRIES = new Set((base.location?.country_code ?? []).flatMap(({ alpha2, alpha3 }) => [alpha2, alpha3]));
// United States, United Kingdom, Canada, Australia
const POSTAL_CODE =
  /^([0-9]{5}(-[0-9]{4})?|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]|[0-9]{4})$/i;

/**
 * The address properties as they are stored: an unknown state or country is dropped silently (docs/platforms.md P-23).
 * The look-up of state and country by postal code is not simulated.
 */
export function readAddresses(form: Form): Record<string, string> {
  const stored: Record<string, string> = {};
  for (const kind of ["home", "business"]) {
    for (const part of ["street_1", "street_2", "city", "state", "postal", "country"]) {
      const name = `${kind}_${part}`;
      const value = form[name];
      if (value === undefined || (part === "state" && value !== "" && !STATES.has(value))) {
        continue;
      }
      if (part === "country" && value !== "" && !COUNTRIES.has(value)) {
        continue;
      }
      if (part === "postal" ? value !== "" && !POSTAL_CODE.test(value) : value.length > 200) {
        throw refusal(400, `${name} is not valid.`);
      }
      stored[name] = value;
    }
  }
  return stored;
}
