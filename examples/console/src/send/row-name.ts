interface Value {
  readonly name: string;
  readonly value: string;
}

/** Columns with a whole name, and those that make one together: as `JobValue.name` writes them. */
const WHOLE = ["name", "fullname", "displayname"];
const PARTS = ["firstname", "lastname"];

/** What the person of a row is called, by the row's own values; null if none of them says it. */
export function nameFrom(values: readonly Value[]): string | null {
  const valueAt = (wanted: string) => values.find(({ name }) => name === wanted)?.value.trim() ?? "";
  const joined = PARTS.map(valueAt)
    .filter((part) => part !== "")
    .join(" ");
  return [...WHOLE.map(valueAt), joined].find((name) => name !== "") ?? null;
}
