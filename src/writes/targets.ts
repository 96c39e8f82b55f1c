/** Names of members that hold ids of records, or numbers of people. */
const TARGET = /^(?:id|\w*Ids?|phoneNumbers?)$/;

/** What a write is about, for the audit log: the ids and numbers in its input. */
export function targetsIn(input: unknown, name = ""): readonly string[] {
  if (typeof input === "string" || typeof input === "number") {
    return TARGET.test(name) ? [String(input)] : [];
  }
  if (Array.isArray(input)) {
    return input.flatMap((item) => targetsIn(item, name));
  }
  return typeof input === "object" && input !== null
    ? Object.entries(input).flatMap(([member, value]) => targetsIn(value, member))
    : [];
}
