/** What the documents leave open, value by value. The first of each is the default. */
export const SHAPES = {
  // Textizen shows no answer at all: ambiguities T-9, T-10, T-11.
  record: ["bare", "wrapped", "enveloped"],
  list: ["bare", "keyed", "keyed-wrapped"],
  ids: ["number", "text"],
  /** Of Textizen's records and Pidj's groups; Pidj's contacts mix null and "" as their sample does (pidj-api.txt:302). */
  absent: ["null", "missing", "blank"],
  // ambiguities T-20, T-21, T-22
  questionKey: ["question", "open_question"],
  options: ["wrapped", "bare"],
  match: ["match", "matching_option_id", "missing"],
  responseIds: ["present", "missing"],
  // ambiguities T-1
  signInKey: ["auth_token", "authentication_token", "token"],
  signInDepth: ["top", "nested"],
  /** `exclusive`: a second sign-in ends the first session. */
  sessions: ["shared", "exclusive"],
  // ambiguities T-18
  tokens: ["wrapped-map", "map", "list"],
  /** 204 without a body, or 200 with the record: ambiguities T-12. */
  updateAnswer: ["empty", "record"],
  /** Where the properties are looked for; anywhere else they are without effect: ambiguities T-4. */
  participantUpdate: ["top", "wrapped", "ignored"],
  // ambiguities T-5
  unsubscribe: ["wrapped", "top", "ignored"],
  /** 200 with the record that there is, or 422: ambiguities T-15. */
  existingParticipant: ["record", "refused"],
  // ambiguities P-7
  existingContact: ["success-with-id", "success-without-id", "failure"],
  /** Whether Pidj's refusals show in the HTTP status or only in the body: ambiguities P-1. */
  pidjFailures: ["http-status", "http-200"],
  /** The table's sense, or the sample's letter: ambiguities P-18. */
  unpauseAnswer: ["false", "true"],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export type Shapes = { -readonly [Name in keyof typeof SHAPES]: (typeof SHAPES)[Name][number] };

export function defaultShapes(): Shapes {
  return Object.fromEntries(Object.entries(SHAPES).map(([name, values]) => [name, values[0]])) as Shapes;
}
