import { skipToken } from "@apollo/client/react";
import { UserRoundSearch, Users } from "lucide-react";
import { Input, Label, ListBox, ListBoxItem, ListLayout, SearchField, Text, Virtualizer } from "react-aria-components";
import { useLocation, useNavigate, useParams } from "react-router";
import { SearchPeopleDocument, type SearchPeopleQuery } from "../generated/people.ts";
import { PaneFoot } from "../parts/pane-foot.tsx";
import { Avatar, showNumber } from "../parts/person.tsx";
import { useRead } from "../parts/read.ts";
import { opensRow } from "../parts/selection.ts";
import { Empty, Failed, Skeleton } from "../parts/state.tsx";
import { strings } from "../strings.ts";
import { PersonPage } from "./person-page.tsx";
import { searchIn, useKeptSearch } from "./search.ts";
import { AskUnsaved } from "./unsaved.tsx";

const words = strings.people;
const ROW_HEIGHT = 68;
/** What the graph takes: a letter, or three digits. */
const SEARCHABLE = /\p{L}|\d\D*\d\D*\d/u;
const LETTER = /\p{L}/u;

type Match = NonNullable<SearchPeopleQuery["searchPeople"]>["nodes"][number];

/** A search over both platforms, and the person who was chosen. */
export default function People() {
  const { id: phoneNumber } = useParams();
  const { typed, setTyped, settled } = useKeptSearch();
  const search = SEARCHABLE.test(settled) ? settled : "";
  const { data, error, loading, refetch, fetchMore } = useRead(
    SearchPeopleDocument,
    search === "" ? skipToken : { variables: { search } },
  );
  // Of too little to search for, no result is shown: the last one would be an answer to another question.
  const page = search === "" ? undefined : data?.searchPeople;

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
        {search !== "" && !page && error && (
          <Failed error={error} title={words.failedTitle} onRetry={() => void refetch()} />
        )}
        {page?.gaps.map((gap) => (
          <p key={gap} className={gap.endsWith("UNAVAILABLE") ? "banner banner-warn" : "note"}>
            {words.gaps[gap]}
          </p>
        ))}
        {loading && page === undefined && <Skeleton />}
        {page && <Matches matches={page.nodes} search={search} selected={phoneNumber ?? null} />}
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
        <AskUnsaved key={phoneNumber}>
          <PersonPage phoneNumber={phoneNumber} />
        </AskUnsaved>
      )}
    </div>
  );
}

interface MatchesProps {
  readonly matches: readonly Match[];
  readonly search: string;
  readonly selected: string | null;
}

function Matches({ matches, search, selected }: MatchesProps) {
  const navigate = useNavigate();
  const location = useLocation();
  if (matches.length === 0) {
    return (
      <Empty icon={UserRoundSearch} title={words.nobodyTitle}>
        <p>{LETTER.test(search) ? words.nobody : words.nobodyOfNumber}</p>
      </Empty>
    );
  }
  return (
    <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: ROW_HEIGHT }}>
      <ListBox
        className="rows"
        aria-label={words.title}
        items={matches.map((match) => ({ ...match, id: match.person.phoneNumber }))}
        {...opensRow(selected, (key) => void navigate(`/people/${key}${searchIn(location)}`))}
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
