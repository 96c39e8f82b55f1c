import { ChartBarBig } from "lucide-react";
import { useState } from "react";
import { Input, Label, ListBox, ListBoxItem, ListLayout, SearchField, Virtualizer } from "react-aria-components";
import { useNavigate, useParams } from "react-router";
import { PollsDocument } from "../generated/polls.ts";
import { useRead } from "../parts/read.ts";
import { opensRow } from "../parts/selection.ts";
import { Empty, Failed, Problem, Skeleton } from "../parts/state.tsx";
import { strings } from "../strings.ts";
import { PollPage } from "./poll-page.tsx";

const words = strings.polls;
const ROW_HEIGHT = 60;

/** Polls by title, and what people answered to the one that was chosen. */
export default function Polls() {
  const { id } = useParams();
  const navigate = useNavigate();
  const [title, setTitle] = useState("");
  const { data, previousData, error, refetch } = useRead(PollsDocument, {
    variables: { filter: title.trim() === "" ? null : { title: title.trim() } },
  });
  const page = (data ?? previousData)?.polls;

  return (
    <div className="inbox" data-open={id !== undefined}>
      <title>{`${words.title} · ${strings.name}`}</title>
      <section className="conversations" aria-labelledby="polls-title">
        <header className="pane-head">
          <h1 id="polls-title">{words.title}</h1>
        </header>
        <SearchField className="field search" value={title} onChange={setTitle}>
          <Label>{words.filter}</Label>
          <Input />
        </SearchField>
        {page && <Problem error={error} onRetry={() => void refetch()} />}
        {!page && error && <Failed error={error} title={words.failedTitle} onRetry={() => void refetch()} />}
        {!page && error === undefined && <Skeleton of="lines" />}
        {page && page.nodes.length === 0 && (
          <Empty icon={ChartBarBig} title={title === "" ? words.emptyTitle : words.noneTitle}>
            <p>{title === "" ? words.empty : words.noneFound}</p>
          </Empty>
        )}
        {page && page.nodes.length > 0 && (
          <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: ROW_HEIGHT }}>
            <ListBox
              className="rows"
              aria-label={words.title}
              items={page.nodes}
              {...opensRow(id ?? null, (key) => void navigate(`/polls/${key}`))}
            >
              {(poll) => (
                <ListBoxItem className="row" textValue={poll.title ?? words.untitled}>
                  <span className="row-name">{poll.title ?? words.untitled}</span>
                  <span className="muted">{poll.isActive === false ? words.closed : words.active}</span>
                </ListBoxItem>
              )}
            </ListBox>
          </Virtualizer>
        )}
        {page && (
          <footer className="pane-foot">
            <span className="muted">{words.count(page.totalCount)}</span>
          </footer>
        )}
      </section>
      {id === undefined ? (
        <div className="thread thread-none">
          <Empty icon={ChartBarBig} title={words.chooseTitle}>
            <p>{words.choose}</p>
          </Empty>
        </div>
      ) : (
        <PollPage key={id} id={id} />
      )}
    </div>
  );
}
