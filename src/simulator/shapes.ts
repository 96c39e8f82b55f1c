/** Everything that the documents leave open, with the possible values. The first is the default. */
export const SHAPES = {
  // docs/platforms.md T-9, T-10, T-11.
  record: ["bare", "wrapped", "enveloped"],
  list: ["bare", "keyed", "keyed-wrapped"],
  ids: ["number", "text"],
  /**
   * Absent values of Textizen's records and Pidj's groups. Pidj's contacts mix null and "" (docs/platforms.md P-15).
   */
  absent: ["null", "missing", "blank"],
  // docs/platforms.md T-20, T-21, T-22.
  questionKey: ["question", "open_question"],
  options: ["wrapped", "bare"],
  match: ["match", "matching_option_id", "missing"],
  responseIds: ["present", "missing"],
  // docs/platforms.md T-1
  signInKey: ["auth_token", "authentication_token", "token"],
  signInDepth: ["top", "nested"],
  /** `exclusive`: a second sign-in ends the first session. */
  sessions: ["shared", "exclusive"],
  // docs/platforms.md T-18
  tokens: ["wrapped-map", "map", "list"],
  /** 204 without a body, or 200 with the record (docs/platforms.md T-12). */
  updateAnswer: ["empty", "record"],
  /** Where the properties are read; in another place they have no effect (docs/platforms.md T-4). */
  participantUpdate: ["top", "wrapped", "ignored"],
  // docs/platforms.md T-5
  unsubscribe: ["wrapped", "top", "ignored"],
  /** 200 with the existing record, or 422 (docs/platforms.md T-15). */
  existingParticipant: ["record", "refused"],
  // docs/platforms.md P-7
  existingContact: ["success-with-id", "success-without-id", "failure"],
  /** Whether the HTTP status of Pidj's refusals is that of the refusal, or 200 (docs/platforms.md P-1). */
  pidjFailures: ["http-status", "http-200"],
  /** `paused` as the document's table describes it, or as its sample shows it (docs/platforms.md P-18). */
  unpauseAnswer: ["false", "true"],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export type Shapes = { -readonly [Name in keyof typeof SHAPES]: (typeof SHAPES)[Name][number] };

export function defaultShapes(): Shapes {
  return Object.fromEntries(Object.entries(SHAPES).map(([name, values]) => [name, values[0]])) as Shapes;
}
