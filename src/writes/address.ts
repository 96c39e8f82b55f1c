import { iso31661Alpha2ToAlpha3, iso31661Alpha3ToAlpha2 } from "iso-3166";
import type { PostalAddress } from "../pidj/writes.ts";
import type { Checks, Optional, Path } from "./checks.ts";

export interface PostalAddressInput {
  readonly street1?: Optional;
  readonly street2?: Optional;
  readonly city?: Optional;
  readonly state?: Optional;
  readonly postalCode?: Optional;
  readonly country?: Optional;
}

/** docs/platforms.md P-23. */
const LONGEST_LINE = 200;

/**
 * USPS Publication 28, appendix B: states, the federal district, territories, freely associated states, armed forces.
 * A list of our own, since ISO 3166-2 has no codes for the armed forces.
 */
const STATES: ReadonlySet<string> = new Set(
  `AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI
   SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI UM FM MH PW AA AE AP`.split(/\s+/),
);

const US_CODE = /^[0-9]{5}(-[0-9]{4})?$/;
/** British, Canadian and Australian (docs/platforms.md P-23). */
const OTHER_CODES = [
  /^(GIR ?0AA|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2})$/i,
  /^[A-Z][0-9][A-Z][ -]?[0-9][A-Z][0-9]$/i,
  /^[0-9]{4}$/,
];

/**
 * The address; undefined if nothing of it changes. Pidj silently drops a state or country that it does not know, so
 * they are refused here (docs/platforms.md P-23).
 */
export function checkAddress(
  checks: Checks,
  field: Path,
  address: PostalAddressInput | null | undefined,
): PostalAddress | null | undefined {
  if (address === null || address === undefined) {
    return address;
  }
  const line = (name: keyof PostalAddressInput) =>
    checks.optionalText([...field, name], address[name], { most: LONGEST_LINE });
  const text = (name: keyof PostalAddressInput) => checks.optionalText([...field, name], address[name]);
  const checked = {
    street1: line("street1"),
    street2: line("street2"),
    city: line("city"),
    state: text("state"),
    postalCode: text("postalCode"),
    country: text("country"),
  };
  const { state, postalCode, country } = checked;
  if (state && !STATES.has(state)) {
    checks.refuse([...field, "state"], "state must be the two capital letters of a US state, such as CO.");
  }
  if (country && !isCountry(country)) {
    checks.refuse([...field, "country"], "country must be an ISO 3166-1 code of two or three capital letters.");
  }
  if (postalCode && !isPostalCode(postalCode, country)) {
    checks.refuse(
      [...field, "postalCode"],
      "postalCode must be a US ZIP code of 5 digits or ZIP+4, or, where the country is not US, another country's.",
    );
  }
  return Object.values(checked).some((value) => value !== undefined) ? checked : undefined;
}

function isCountry(code: string): boolean {
  return Object.hasOwn(iso31661Alpha2ToAlpha3, code) || Object.hasOwn(iso31661Alpha3ToAlpha2, code);
}

/** Without a country, any form that Pidj supports is accepted. Codes of further countries are left to Pidj. */
function isPostalCode(code: string, country: Optional): boolean {
  if (US_CODE.test(code)) {
    return true;
  }
  return country ? !["US", "USA"].includes(country) : OTHER_CODES.some((form) => form.test(code));
}
