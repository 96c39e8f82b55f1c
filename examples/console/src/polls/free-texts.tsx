import { skipToken } from "@apollo/client/react";
import { useEffect, useRef, useState } from "react";
import { Button, Input, Label, SearchField } from "react-aria-components";
import { QuestionTextsDocument, type WrittenTextFragment } from "../generated/polls.ts";
import { useRead } from "../parts/read.ts";
import { Problem, Skeleton } from "../parts/state.tsx";
import { useTyped } from "../parts/timing.ts";
import { strings } from "../strings.ts";
import { TextList } from "./text-list.tsx";

const words = strings.polls;

interface Props {
  readonly pollId: string;
  readonly questionId: string;
  readonly question: string;
  /** Everything that was written in answer to the question; null if the poll has more answers than were read with it. */
  readonly all: readonly WrittenTextFragment[] | null;
  /** Texts of the whole poll: when more come in, they are read. */
  readonly replyCount: number;
}

/** What people wrote in their own words, and a box to look for a word in all of it. */
export function FreeTexts({ all, ...asked }: Props) {
  const [typed, setTyped] = useState("");
  return (
    <>
      <SearchField className="field" value={typed} onChange={setTyped}>
        <Label>{words.search}</Label>
        <Input />
      </SearchField>
      {all === null ? (
        <FoundByGraph {...asked} typed={typed} />
      ) : (
        <FoundHere all={all} question={asked.question} typed={typed} />
      )}
    </>
  );
}

interface FoundProps extends Pick<Props, "question"> {
  readonly typed: string;
}

function FoundHere({ all, question, typed }: FoundProps & { readonly all: readonly WrittenTextFragment[] }) {
  const search = typed.trim().toLowerCase();
  const found = all.filter(({ text }) => (text ?? "").toLowerCase().includes(search));
  return (
    <>
      <Count found={found.length} total={all.length} isSearch={search !== ""} />
      <TextList texts={found} question={question} />
    </>
  );
}

/** The graph looks through all texts of the question, however many there are. */
function FoundByGraph({ pollId, questionId, question, typed, replyCount }: FoundProps & Omit<Props, "all">) {
  const search = useTyped(typed.trim());
  const variables = { id: pollId, questionId };
  const every = useRead(QuestionTextsDocument, { variables: { ...variables, text: null } });
  const matching = useRead(
    QuestionTextsDocument,
    search === "" ? skipToken : { variables: { ...variables, text: search } },
  );
  const { data, previousData, error, loading, refetch, fetchMore } = search === "" ? every : matching;
  const total = every.data?.poll?.responses?.totalCount;
  // While the graph looks for other words, what was shown before is still there.
  const page = (data ?? (loading ? (previousData ?? every.data) : undefined))?.poll?.responses;

  const seen = useRef(replyCount);
  const { refetch: readAll } = every;
  useEffect(() => {
    if (seen.current !== replyCount) {
      seen.current = replyCount;
      void readAll();
      void refetch();
    }
  }, [replyCount, readAll, refetch]);

  if (!page) {
    return loading ? <Skeleton rows={3} of="lines" /> : <Problem error={error} onRetry={() => void refetch()} />;
  }
  const { endCursor, hasNextPage } = page.pageInfo;
  return (
    <>
      <Problem error={error} onRetry={() => void refetch()} />
      {data === undefined ? (
        <p className="muted" role="status">
          {words.searching}
        </p>
      ) : (
        <Count found={page.totalCount} total={total ?? page.totalCount} isSearch={search !== ""} />
      )}
      <TextList texts={page.nodes} question={question} />
      {hasNextPage && (
        <div className="composer-foot">
          <span className="muted">{words.textsShown(page.nodes.length, page.totalCount)}</span>
          <Button className="button" onPress={() => void fetchMore({ variables: { after: endCursor ?? null } })}>
            {words.moreTexts}
          </Button>
        </div>
      )}
    </>
  );
}

interface CountProps {
  readonly found: number;
  readonly total: number;
  readonly isSearch: boolean;
}

function Count({ found, total, isSearch }: CountProps) {
  return (
    <p className="muted" role="status">
      {isSearch ? words.textsFound(found, total) : words.textCount(total)}
    </p>
  );
}
