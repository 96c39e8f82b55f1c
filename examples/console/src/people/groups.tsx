import { useMutation } from "@apollo/client/react";
import { X } from "lucide-react";
import { useState } from "react";
import { Button } from "react-aria-components";
import {
  AddToGroupDocument,
  type ParticipantGroupsFragment,
  RemoveFromGroupDocument,
  TextizenGroupsDocument,
} from "../generated/people.ts";
import { Choice } from "../parts/choice.tsx";
import { PendingButton } from "../parts/pending-button.tsx";
import { useRead } from "../parts/read.ts";
import { Problem } from "../parts/state.tsx";
import { UserErrors } from "../parts/user-errors.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";

const words = strings.people;

interface Props {
  readonly participantId: string;
  /** Null if Textizen does not say. */
  readonly groups: ParticipantGroupsFragment["groups"];
}

/** The groups of a participant: one click takes them out of one, or puts them into another. */
export function Groups({ participantId, groups }: Props) {
  const mayWrite = useMay()("participants:write");
  const [remove, removal] = useMutation(RemoveFromGroupDocument);
  return (
    <div className="fields">
      <h3 id="groups-title">{words.groups}</h3>
      {groups === null && <p className="muted">{words.unknown}</p>}
      {groups?.length === 0 && <p className="muted">{words.noGroups}</p>}
      {groups !== null && groups.length > 0 && (
        <ul className="chips" aria-labelledby="groups-title">
          {groups.map(({ id, name }) => (
            <li className="chip" key={id}>
              {name?.trim() || id}
              {mayWrite && (
                <Button
                  className="chip-button"
                  aria-label={words.leave(name?.trim() || id)}
                  isDisabled={removal.loading}
                  onPress={() => {
                    // What goes wrong is shown as `removal.error`.
                    remove({ variables: { input: { participantId, groupId: id } } }).catch(() => undefined);
                  }}
                >
                  <X aria-hidden size={14} />
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <Problem error={removal.error} />
      <UserErrors errors={removal.data?.removeParticipantFromGroup?.userErrors} />
      {mayWrite && <Joining participantId={participantId} joined={groups?.map(({ id }) => id) ?? []} />}
    </div>
  );
}

interface JoiningProps {
  readonly participantId: string;
  readonly joined: readonly string[];
}

function Joining({ participantId, joined }: JoiningProps) {
  const [groupId, setGroupId] = useState<string | null>(null);
  const { data, error } = useRead(TextizenGroupsDocument);
  const [add, adding] = useMutation(AddToGroupDocument);
  const options = (data?.textizenGroups?.nodes ?? [])
    .filter(({ id }) => !joined.includes(id))
    .map(({ id, name }) => ({ id, name: name?.trim() || id }));

  async function join() {
    if (groupId === null) {
      return;
    }
    try {
      const { data: answer } = await add({ variables: { input: { participantId, groupId } } });
      if (answer?.addParticipantToGroup?.participant) {
        setGroupId(null);
      }
    } catch {
      // Shown as `error`; the choice stays.
    }
  }

  return (
    <>
      <Problem error={error ?? adding.error} />
      <UserErrors errors={adding.data?.addParticipantToGroup?.userErrors} fields={["groupId"]} />
      {data?.textizenGroups && (
        <div className="field-line">
          <Choice
            key={joined.join(" ")}
            label={words.addToGroup}
            options={options}
            value={groupId}
            onChoose={setGroupId}
          />
          <PendingButton className="button" isDisabled={groupId === null} isPending={adding.loading} onPress={join}>
            {words.add}
          </PendingButton>
        </div>
      )}
    </>
  );
}
