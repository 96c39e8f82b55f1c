import { type JobId, type ParticipantId, parseId } from "../ids.ts";
import { type MessagePreview, previewMessage } from "../message-preview.ts";
import { type E164, parseE164, parseListedNumber, type Region, withoutTrunkPrefix } from "../phone.ts";
import type { JobKind, NumberedRow } from "../store/jobs.ts";
import type { RefusalCode } from "../writes/refusal.ts";
import { faultOfFields } from "./import-fields.ts";
import { nameOfValue, type Template } from "./template.ts";

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** A row as a client or a file gave it. */
export interface GivenRow {
  readonly phoneNumber?: string | null | undefined;
  readonly contactId?: string | null | undefined;
  readonly values?: readonly NamedValue[] | null | undefined;
  readonly participantId?: ParticipantId | undefined;
  /** Of a file: see `JobRowRecord`. */
  readonly line?: number | undefined;
  /** Why it is refused already: a file's row that does not fit the header. */
  readonly refusal?: RowRefusal | undefined;
}

/** Why a row is not carried out. */
export interface RowRefusal {
  readonly code: RefusalCode;
  readonly message: string;
}

/** A row that was checked by itself and against the rows before it. */
export interface CheckedRow extends NumberedRow {
  readonly refusal: RowRefusal | null;
  /** Null for imports and refused rows. */
  readonly preview: MessagePreview | null;
}

export interface RowRules {
  readonly kind: JobKind;
  /** Null for imports. */
  readonly template: Template | null;
  readonly allowTruncation: boolean;
  /** Of numbers without a plus. */
  readonly region: Region | null;
}

const LONGEST_SHOWN = 100;

/** Checks the rows of one job, in their order: the same number is not accepted twice, whatever its spelling. */
export class RowChecks {
  readonly #rules: RowRules;
  /** Which row has a number or a contact. */
  readonly #seen = new Map<string, string>();

  constructor(rules: RowRules) {
    this.#rules = rules;
  }

  check(given: GivenRow, number: number): CheckedRow {
    const { participantId, line } = given;
    const values = valuesOf(given);
    const own = { number, values, ...(line !== undefined && { line }) };
    const recipient = given.refusal ?? this.#recipientOf(given);
    const shown = cut((given.phoneNumber ?? given.contactId ?? "").trim(), LONGEST_SHOWN);
    if (typeof recipient !== "string") {
      return { ...own, to: shown, refusal: recipient, preview: null };
    }
    const earlier = this.#seen.get(recipient);
    if (earlier !== undefined) {
      const message = `${earlier} has the same ${recipient.startsWith("+") ? "number" : "contact"}.`;
      return { ...own, to: recipient, refusal: invalid(message), preview: null };
    }
    const { refusal, preview } = this.#contentOf(values);
    if (refusal === null) {
      // A row that is not carried out keeps no later one from it.
      this.#seen.set(recipient, line === undefined ? `Row ${number}` : `Line ${line}`);
    }
    return { ...own, to: recipient, ...(participantId && { participantId }), refusal, preview };
  }

  #recipientOf({ phoneNumber, contactId }: GivenRow): string | RowRefusal {
    const [written, id] = [phoneNumber?.trim() ?? "", contactId?.trim() ?? ""];
    if ((written === "") === (id === "")) {
      const both =
        written === "" ? "has neither a phone number nor a contact" : "has both a phone number and a contact";
      return invalid(`The row ${both}: give one of the two.`);
    }
    if (id !== "") {
      const isContact = this.#rules.kind === "SEND" && parseId("Contact", id) !== null;
      const reason =
        this.#rules.kind === "SEND" ? "contactId must be the id of a Contact." : "Imports need phone numbers.";
      return isContact ? id : invalid(reason);
    }
    const { region } = this.#rules;
    const number = parseListedNumber(written, region);
    if (number === null) {
      const example = "with a plus and its country code, such as +14155551212";
      return invalid(
        region === null
          ? `The phone number is not whole: write it ${example}, or name the country of such numbers in \`region\`.`
          : `The phone number is not whole, or no number of ${region}: write it ${example}.`,
      );
    }
    const dialed = withoutTrunkPrefix(number);
    return dialed === number
      ? number
      : invalid(`The phone number has digits that are left out after a country code: it may be ${dialed}.`);
  }

  #contentOf(values: Readonly<Record<string, string>>): Pick<CheckedRow, "refusal" | "preview"> {
    const { kind, template, allowTruncation } = this.#rules;
    if (template === null) {
      const fault = faultOfFields(kind, values);
      return { refusal: fault === null ? null : invalid(fault), preview: null };
    }
    const rendered = template.render(values);
    if ("missing" in rendered) {
      return { refusal: invalid(`The row has no value for {${rendered.missing}}.`), preview: null };
    }
    const preview = previewMessage(rendered.text);
    if (rendered.text.trim() === "") {
      return { refusal: invalid("The text is blank."), preview: null };
    }
    if (preview.isTruncated && !allowTruncation) {
      const message = `The text has ${preview.characterCount} characters; Pidj delivers 1,600 at most.`;
      return { refusal: { code: "TEXT_TOO_LONG", message }, preview: null };
    }
    return { refusal: null, preview };
  }
}

/** Also those that the text has no placeholder for: they say who it is. None is cut, because the cut text would be sent. */
function valuesOf({ values }: GivenRow): Readonly<Record<string, string>> {
  return Object.fromEntries((values ?? []).map(({ name, value }) => [nameOfValue(name), value.trim()]));
}

function invalid(message: string): RowRefusal {
  return { code: "INVALID_INPUT", message };
}

function cut(text: string, most: number): string {
  return text.length > most ? text.slice(0, most) : text;
}

/** A row's values in the order in which it was given them. */
export function namedValues(values: Readonly<Record<string, string>>): NamedValue[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** The number of a checked row; null if it names a contact. */
export function numberOf({ to }: { readonly to: string }): E164 | null {
  return parseE164(to);
}

/** The id of the job that a request with this digest makes. */
export function jobIdOf(digest: string): JobId {
  return `job:${digest}` as JobId;
}
