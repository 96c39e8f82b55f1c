import type { Context } from "../context.ts";
import { valueOrNull } from "../errors.ts";
import type { PidjGroupRecord } from "../pidj/records.ts";
import { type checkSender, PARTY_PATHS } from "../writes/parties.ts";
import { Refused } from "../writes/refusal.ts";

/**
 * Throws Refused if no row could be sent from there, with the code and the field that each `sendMessage` would have, and
 * what reading the list of groups throws.
 */
export async function requireLine({ pidj }: Context, sender: ReturnType<typeof checkSender>): Promise<void> {
  const groups = await pidj.groups();
  if ("phoneNumber" in sender) {
    const mayHaveIt = (group: PidjGroupRecord) => group.phoneNumber === sender.phoneNumber || hasUnreadNumber(group);
    if (!groups.rows.some(mayHaveIt)) {
      const message = "No Pidj group has this number: texts are sent from a group's number.";
      throw new Refused({ code: "INVALID_INPUT", field: PARTY_PATHS.from_number, message });
    }
    return;
  }
  const group = groups.get(sender.groupId);
  if (!group) {
    const message = "There is no group of this id.";
    throw new Refused({ code: "NOT_FOUND", field: PARTY_PATHS.group_id, message });
  }
  if (group.phoneNumber === null && !hasUnreadNumber(group)) {
    const message = "This group has no phone number to send from.";
    throw new Refused({ code: "GROUP_CANNOT_SEND", field: PARTY_PATHS.group_id, message });
  }
}

/** Whether the group has a number that is not in E.164, of which only Pidj knows which one it is. */
function hasUnreadNumber({ phoneNumber, displayPhoneNumber }: PidjGroupRecord): boolean {
  return valueOrNull(phoneNumber) === null && (phoneNumber !== null || displayPhoneNumber !== null);
}
