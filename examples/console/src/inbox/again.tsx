import { Button } from "react-aria-components";
import type { SentRowFragment } from "../generated/inbox.ts";
import { PendingButton } from "../parts/pending-button.tsx";
import { strings } from "../strings.ts";
import type { Sending } from "./sending.ts";

const words = strings.inbox;

export interface Refused extends SentRowFragment {
  readonly fromPhoneNumber: string | null;
  readonly group: { readonly id: string } | null;
}

interface Props {
  /** It was certainly not sent. */
  readonly message: Refused;
  readonly phoneNumber: string;
  readonly sending: Sending;
  /** Called when a try begins and when it has ended: the button that has the focus goes away. */
  readonly onTry: () => void;
  /** Null if something else is being written. */
  readonly onEdit: (() => void) | null;
}

/** What can be done about a text that was not sent. */
export function Again({ message, phoneNumber, sending, onTry, onEdit }: Props) {
  const idempotencyKey = keyOfNextTry(message);
  const { fromPhoneNumber, group, text } = message;
  const from = fromPhoneNumber ? { phoneNumber: fromPhoneNumber } : group && { groupId: group.id };
  return (
    <div className="bubble-actions">
      {sending.failure?.key === idempotencyKey && <p role="alert">{sending.failure.sentence}</p>}
      {from !== null && (
        <PendingButton
          className="button"
          isPending={sending.isPending}
          onPress={() => {
            onTry();
            void sending.send({ from, recipient: { phoneNumber }, text, idempotencyKey }).then(onTry);
          }}
        >
          {strings.states.retry}
        </PendingButton>
      )}
      <Button className="button" isDisabled={onEdit === null} onPress={() => onEdit?.()}>
        {words.edit}
      </Button>
    </div>
  );
}

/**
 * The key of the text itself, which is free as long as the text was not sent: whoever else tries it at this moment, one of
 * both sends it. That of a job's row is the job's alone; it gets one that is the same for all who try it.
 */
export function keyOfNextTry({ id, idempotencyKey }: Pick<Refused, "id" | "idempotencyKey">): string {
  return idempotencyKey.startsWith("job:") ? `again ${id}` : idempotencyKey;
}
