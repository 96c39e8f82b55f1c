import type { PidjGroupId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { Draft } from "./update.ts";

/** A group and its number, each null if it is not known. */
interface Line {
  readonly phoneNumber: E164 | null;
  readonly groupId: PidjGroupId | null;
}

/**
 * Learns from messages which group has which number (`line`), and returns what is known: who sends by a number names no
 * group, and asking for one would cost a platform call.
 */
export async function draftLines(
  draft: Draft,
  lines: readonly Line[],
): Promise<(phoneNumber: E164 | null) => PidjGroupId | null> {
  const numbers = [...new Set(lines.map(({ phoneNumber }) => phoneNumber).filter((number) => number !== null))];
  const rows = await draft.read<PidjGroupId>("line", numbers);
  const groups = new Map(numbers.map((number, at) => [number, rows[at] ?? null]));
  for (const { phoneNumber, groupId } of lines) {
    if (phoneNumber !== null && groupId !== null && groups.get(phoneNumber) !== groupId) {
      groups.set(phoneNumber, groupId);
      draft.write("line", phoneNumber, groupId);
    }
  }
  return (phoneNumber) => (phoneNumber === null ? null : (groups.get(phoneNumber) ?? null));
}
