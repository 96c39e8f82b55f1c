import { strings } from "../strings.ts";

/** Why a row is left out. What is wrong with a row itself, the graph says in a whole sentence. */
export function reasonOf(code: string | null, message: string | null): string {
  const known = Object.entries(strings.send.reasons).find(([each]) => each === code);
  return known?.[1] ?? message ?? "";
}
