import { useMutation } from "@apollo/client/react";
import {
  type ContactDetailsFragment,
  type ParticipantDetailsFragment,
  UpdateContactDocument,
  UpdateParticipantDocument,
} from "../generated/people.ts";
import { PendingButton } from "../parts/pending-button.tsx";
import { Problem } from "../parts/state.tsx";
import { UserErrors } from "../parts/user-errors.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { nameOfContact, splitName } from "./names.ts";

const words = strings.people;

interface Props {
  readonly contact: ContactDetailsFragment;
  readonly participant: ParticipantDetailsFragment;
}

/** Says which of two names is shown where the platforms have different ones, and writes either into both. */
export function TwoNames({ contact, participant }: Props) {
  const may = useMay();
  const [inPidj, contactUpdate] = useMutation(UpdateContactDocument, { refetchQueries: ["SearchPeople"] });
  const [inTextizen, participantUpdate] = useMutation(UpdateParticipantDocument, { refetchQueries: ["SearchPeople"] });
  const ofContact = nameOfContact(contact);
  const ofParticipant = participant.name?.trim().replace(/\s+/g, " ") ?? "";
  if (ofContact === "" || ofParticipant === "" || ofContact === ofParticipant) {
    return null;
  }
  const isPending = contactUpdate.loading || participantUpdate.loading;
  // What goes wrong is shown as `error` of the one or the other.
  const takeContacts = () =>
    inTextizen({ variables: { input: { id: participant.id, name: ofContact } } }).catch(() => undefined);
  const takeParticipants = () => {
    const { id, displayName } = contact;
    // A name to show would stand before the two that are written here.
    const input = { id, ...splitName(ofParticipant), ...(displayName && { displayName: null }) };
    return inPidj({ variables: { input } }).catch(() => undefined);
  };
  return (
    <section className="panel two-names" aria-label={words.twoNamesLabel}>
      <p>{words.twoNames(ofContact, ofParticipant)}</p>
      <Problem error={contactUpdate.error ?? participantUpdate.error} />
      <UserErrors errors={contactUpdate.data?.updateContact?.userErrors} />
      <UserErrors errors={participantUpdate.data?.updateParticipant?.userErrors} />
      <div className="buttons">
        {may("contacts:write") && (
          <PendingButton className="button" isPending={isPending} onPress={() => void takeParticipants()}>
            {words.inBoth(ofParticipant)}
          </PendingButton>
        )}
        {may("participants:write") && (
          <PendingButton className="button" isPending={isPending} onPress={() => void takeContacts()}>
            {words.inBoth(ofContact)}
          </PendingButton>
        )}
      </div>
    </section>
  );
}
