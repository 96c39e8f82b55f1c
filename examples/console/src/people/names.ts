import { strings } from "../strings.ts";

const words = strings.people;
/** Neither platform says how long a name may be. */
const LONGEST = 100;

/** What is wrong at a field of a form, in the shape of what a mutation refuses. */
export interface Wrong {
  readonly code: string;
  readonly field: readonly string[];
  readonly message: string;
}

const wrong = (field: string, message: string): Wrong => ({ code: "INVALID_INPUT", field: [field], message });

/** What is wrong with the names that were typed. An empty one clears the name; blanks alone are a slip. */
export function wrongNames(typed: Readonly<Record<string, string>>): Wrong[] {
  return Object.entries(typed).flatMap(([field, value]) => {
    if (value !== "" && value.trim() === "") {
      return [wrong(field, words.blankName)];
    }
    return value.trim().length > LONGEST ? [wrong(field, words.longName(LONGEST))] : [];
  });
}

export const missingName = (field: string): Wrong => wrong(field, words.missingName);

interface ContactNames {
  readonly displayName: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly businessName: string | null;
}

/** The name of a contact, as the graph's `displayName` has it; empty if it has none. */
export function nameOfContact({ displayName, firstName, lastName, businessName }: ContactNames): string {
  const whole = [firstName, lastName].map((each) => each?.trim() ?? "").filter((each) => each !== "");
  return displayName?.trim() || whole.join(" ") || businessName?.trim() || "";
}

/** A whole name in the two fields of a contact: its last word is the last name. */
export function splitName(name: string): { readonly firstName: string; readonly lastName: string | null } {
  const parts = name.trim().split(/\s+/);
  const last = parts.length > 1 ? (parts.pop() ?? null) : null;
  return { firstName: parts.join(" "), lastName: last };
}
