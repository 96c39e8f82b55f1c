import { skipToken } from "@apollo/client/react";
import { useState } from "react";
import { Button, ListBox, ListBoxItem, ListLayout, Virtualizer } from "react-aria-components";
import { useNavigate } from "react-router";
import { TextizenGroupsDocument } from "../generated/people.ts";
import { NonRespondentsDocument, type NonRespondentsQuery } from "../generated/polls.ts";
import { Choice } from "../parts/choice.tsx";
import { showNumber } from "../parts/person.tsx";
import { useRead } from "../parts/read.ts";
import { opensRow } from "../parts/selection.ts";
import { Problem, Skeleton } from "../parts/state.tsx";
import { strings } from "../strings.ts";

const words = strings.polls;
const ROW_HEIGHT = 48;
const MOST_HEIGHT = 320;

interface Props {
  readonly pollId: string;
  /** Begins a mailing to these people; null if the key may not. */
  readonly onRemind: ((phoneNumbers: readonly string[]) => void) | null;
}

/** Who of a group has not answered, as far as Textizen tells. */
export function NonRespondents({ pollId, onRemind }: Props) {
  const [groupId, setGroupId] = useState<string | null>(null);
  const groups = useRead(TextizenGroupsDocument);
  const options = groups.data?.textizenGroups?.nodes.map(({ id, name }) => ({ id, name: name?.trim() || id }));
  return (
    <section className="panel" aria-labelledby="silent-title">
      <h2 id="silent-title">{words.silent}</h2>
      <p className="muted">{words.silentLead}</p>
      <Problem error={groups.error} onRetry={() => void groups.refetch()} />
      {options && <Choice label={words.ofGroup} options={options} value={groupId} onChoose={setGroupId} />}
      {groupId !== null && <OfGroup key={groupId} pollId={pollId} groupId={groupId} onRemind={onRemind} />}
    </section>
  );
}

function OfGroup({ pollId, groupId, onRemind }: Props & { readonly groupId: string | null }) {
  const { data, error, loading, refetch, fetchMore } = useRead(
    NonRespondentsDocument,
    groupId === null ? skipToken : { variables: { id: pollId, groupId } },
  );
  const page = data?.poll?.nonRespondents;
  if (!page) {
    return (
      <>
        <Problem error={error} onRetry={() => void refetch()} />
        {loading ? <Skeleton rows={2} /> : error === undefined && <p className="muted">{words.silentUnknown}</p>}
      </>
    );
  }
  const { pageInfo, totalCount, unidentifiedCount } = page;
  const members = page.nodes.map(({ participant }) => participant);
  // Whoever opted out, or whose number is masked, cannot be texted.
  const numbers = members.flatMap(({ person }) => (person && person.optedOutAt === null ? [person.phoneNumber] : []));
  return (
    <>
      <Problem error={error} onRetry={() => void refetch()} />
      <p role="status">{totalCount === 0 ? words.allAnswered : words.silentCount(totalCount)}</p>
      {unidentifiedCount > 0 && <p className="muted">{words.unidentified(unidentifiedCount)}</p>}
      {members.length > 0 && <Rows members={members} />}
      <div className="composer-foot">
        {pageInfo.hasNextPage ? (
          <Button
            className="button"
            onPress={() => void fetchMore({ variables: { after: pageInfo.endCursor ?? null } })}
          >
            {words.moreSilent}
          </Button>
        ) : (
          <span />
        )}
        {onRemind && numbers.length > 0 && (
          <Button className="button" onPress={() => onRemind(numbers)}>
            {words.remind(numbers.length)}
          </Button>
        )}
      </div>
      {onRemind && numbers.length < members.length && (
        <p className="muted">{words.unreachable(members.length - numbers.length)}</p>
      )}
    </>
  );
}

type Member = NonNullable<NonNullable<NonRespondentsQuery["poll"]>["nonRespondents"]>["nodes"][number]["participant"];

function Rows({ members }: { readonly members: readonly Member[] }) {
  const navigate = useNavigate();
  return (
    <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: ROW_HEIGHT }}>
      <ListBox
        className="rows silent"
        style={{ height: Math.min(MOST_HEIGHT, members.length * ROW_HEIGHT) }}
        aria-label={words.silent}
        items={members}
        disabledKeys={members.filter(({ person }) => person === null).map(({ id }) => id)}
        {...opensRow(null, (key) => {
          const phoneNumber = members.find(({ id }) => id === key)?.person?.phoneNumber;
          if (phoneNumber !== undefined) {
            void navigate(`/people/${phoneNumber}`);
          }
        })}
      >
        {({ name, displayPhoneNumber, person }) => (
          <ListBoxItem className="row" textValue={name ?? displayPhoneNumber ?? ""}>
            <span className="row-name">{name ?? words.unnamed}</span>
            {person?.optedOutAt && <span className="badge badge-danger">{strings.inbox.optedOut}</span>}
            <span className="muted">{person ? showNumber(person.phoneNumber) : displayPhoneNumber}</span>
          </ListBoxItem>
        )}
      </ListBox>
    </Virtualizer>
  );
}
