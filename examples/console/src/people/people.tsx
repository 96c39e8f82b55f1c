import { skipToken, useQuery } from "@apollo/client/react";
import { UserRoundSearch, Users } from "lucide-react";
import { useState } from "react";
import { Input, Label, ListBox, ListBoxItem, ListLayout, SearchField, Text, Virtualizer } from "react-aria-components";
import { useNavigate, useParams } from "react-router";
import { SearchPeopleDocument, type SearchPeopleQuery } from "../generated/operations.ts";
import { PaneFoot } from "../parts/pane-foot.tsx";
import { Avatar, showNumber } from "../parts/person.tsx";
import { opensRow } from "../parts/selection.ts";
import { Empty, Failed, Skeleton } from "../parts/state.tsx";
import { useTyped } from "../parts/timing.ts";
import { strings } from "../strings.ts";
import { PersonPage } from "./person-page.tsx";

const words = strings.people;
const ROW_HEIGHT = 68;
/** What the graph takes: a letter, or three digits. */
const SEARCHABLE = /\p{L}|\d\D*\d\D*\d/u;

type Match = NonNullable<SearchPeopleQuery["searchPeople"]>["nodes"][number];

/** A search over both platforms, and the person who was chosen. */
export default function People() {
  const { id: phoneNumber } = useParams();
  const [typed, setTyped] = useState("");
  const settled = useTyped(typed);
  const search = SEARCHABLE.test(settled) ? settled : "";
  const { data, error, loading, refetch, fetchMore } = useQuery(
    SearchPeopleDocument,
    search === "" ? skipToken : { variables: { search } },
  );
  const page = data?.searchPeople;

  return (
    <div className="inbox" data-open={phoneNumber !== undefined}>
      <title>{`${words.title} · ${strings.name}`}</title>
      <section className="conversations" aria-labelledby="people-title">
        <header className="pane-head">
          <h1 id="people-title">{words.title}</h1>
        </header>
        <SearchField className="field search" value={typed} onChange={setTyped} autoFocus={phoneNumber === undefined}>
          <Label>{words.search}</Label>
          <Input />
          <Text slot="description">{words.start}</Text>
        </SearchField>
        {!page && error && <Failed error={error} title={words.failedTitle} onRetry={() => void refetch()} />}
        {page?.gaps.map((gap) => (
          <p key={gap} className={gap.endsWith("UNAVAILABLE") ? "banner banner-warn" : "note"}>
            {words.gaps[gap]}
          </p>
        ))}
        {loading && page === undefined && <Skeleton />}
        {page && <Matches matches={page.nodes} selected={phoneNumber ?? null} />}
        {page && (
          <PaneFoot
            more={words.more}
            onMore={
              page.pageInfo.hasNextPage
                ? () => void fetchMore({ variables: { after: page.pageInfo.endCursor ?? null } })
                : null
            }
          >
            <span className="muted" role="status">
              {words.found(page.totalCount)}
            </span>
          </PaneFoot>
        )}
      </section>
      {phoneNumber === undefined ? (
        <div className="thread thread-none">
          <Empty icon={Users} title={words.startTitle}>
            <p>{words.choose}</p>
          </Empty>
        </div>
      ) : (
        <PersonPage key={phoneNumber} phoneNumber={phoneNumber} />
      )}
    </div>
  );
}

interface MatchesProps {
  readonly matches: readonly Match[];
  readonly selected: string | null;
}

function Matches({ matches, selected }: MatchesProps) {
  const navigate = useNavigate();
  if (matches.length === 0) {
    return (
      <Empty icon={UserRoundSearch} title={words.nobodyTitle}>
        <p>{words.nobody}</p>
      </Empty>
    );
  }
  return (
    <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: ROW_HEIGHT }}>
      <ListBox
        className="rows"
        aria-label={words.title}
        items={matches.map((match) => ({ ...match, id: match.person.phoneNumber }))}
        {...opensRow(selected, (key) => void navigate(`/people/${key}`))}
      >
        {({ id, name, person }) => (
          <ListBoxItem className="row" textValue={name ?? id}>
            <Avatar name={name ?? ""} />
            <span className="row-main">
              <span className="row-line">
                <span className="row-name">{name ?? showNumber(id)}</span>
                {person.optedOutAt !== null && <span className="badge badge-danger">{strings.inbox.optedOut}</span>}
              </span>
              <span className="row-text">{showNumber(id)}</span>
            </span>
          </ListBoxItem>
        )}
      </ListBox>
    </Virtualizer>
  );
}
