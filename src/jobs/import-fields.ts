import { isEmailAddress } from "../email-address.ts";
import type { JobKind } from "../store/jobs.ts";
import { isTimeZone } from "../time-zones.ts";

interface Fields {
  readonly known: readonly string[];
  /** Values that no row may lack. */
  readonly required: readonly string[];
}

/** The values that an import reads. */
const FIELDS: Partial<Record<JobKind, Fields>> = {
  IMPORT_PARTICIPANTS: { known: ["name"], required: ["name"] },
  IMPORT_CONTACTS: {
    known: ["firstname", "lastname", "displayname", "businessname", "emailaddress", "timezone"],
    required: [],
  },
};

/** What the graph asks of the same fields of one record. */
const FORMS: Readonly<Record<string, { readonly fits: (value: string) => boolean; readonly form: string }>> = {
  emailaddress: { fits: isEmailAddress, form: "an e-mail address, such as jane@example.com" },
  timezone: { fits: isTimeZone, form: "an IANA time zone, letter case included, such as America/Denver" },
};

/** Why no record can be created from a row's values, in a sentence; null if one can. */
export function faultOfFields(kind: JobKind, values: Readonly<Record<string, string>>): string | null {
  const { known, required } = FIELDS[kind] ?? { known: [], required: [] };
  const missing = required.find((name) => (values[name] ?? "") === "");
  if (missing !== undefined) {
    return `The row has no value for ${missing}.`;
  }
  const unknown = Object.keys(values).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    return `${unknown} is no field of what is imported: ${known.join(", ")}.`;
  }
  const wrong = Object.entries(FORMS).find(([name, { fits }]) => values[name] && !fits(values[name]));
  return wrong === undefined ? null : `${wrong[0]} must be ${wrong[1].form}.`;
}
