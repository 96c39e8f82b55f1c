import type { ErrorLike } from "@apollo/client";
import { CheckCheck, MessageSquare, UserRoundSearch } from "lucide-react";
import { createContext, useContext, useState } from "react";
import {
  Input,
  Label,
  ListBox,
  ListBoxItem,
  ListLayout,
  SearchField,
  ToggleButton,
  ToggleButtonGroup,
  Virtualizer,
} from "react-aria-components";
import { useNavigate } from "react-router";
import type { ConversationRowFragment } from "../generated/inbox.ts";
import { PaneFoot } from "../parts/pane-foot.tsx";
import { Avatar, showNumber } from "../parts/person.tsx";
import { opensRow } from "../parts/selection.ts";
import { Empty, Failed, Problem, Skeleton } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { strings } from "../strings.ts";
import { useNames } from "./names.ts";

const ROW_HEIGHT = 76;
const words = strings.inbox;

interface Props {
  /** Null while the first page is under way. */
  readonly rows: readonly ConversationRowFragment[] | null;
  readonly totalCount: number;
  readonly error: ErrorLike | undefined;
  readonly isUnread: boolean;
  readonly selected: string | null;
  readonly onUnread: (isUnread: boolean) => void;
  readonly onRetry: () => void;
  /** Null if there are no more. */
  readonly onMore: (() => void) | null;
}

export function ConversationList({ rows, totalCount, error, isUnread, selected, onUnread, onRetry, onMore }: Props) {
  return (
    <section className="conversations" aria-labelledby="inbox-title">
      <header className="pane-head">
        <h1 id="inbox-title">{words.title}</h1>
        <ToggleButtonGroup
          className="segmented"
          aria-label={words.show}
          disallowEmptySelection
          selectedKeys={[isUnread ? "unread" : "all"]}
          onSelectionChange={(keys) => onUnread(keys.has("unread"))}
        >
          <ToggleButton id="all">{words.all}</ToggleButton>
          <ToggleButton id="unread">{words.unread}</ToggleButton>
        </ToggleButtonGroup>
      </header>
      {rows !== null && <Problem error={error} onRetry={onRetry} />}
      {rows === null && error !== undefined && <Failed error={error} title={words.failedTitle} onRetry={onRetry} />}
      {rows === null ? (
        error === undefined && <Skeleton />
      ) : (
        <Rows rows={rows} isUnread={isUnread} selected={selected} />
      )}
      {rows !== null && (
        <PaneFoot more={words.more} onMore={onMore}>
          <span className="muted">{words.total(totalCount)}</span>
        </PaneFoot>
      )}
    </section>
  );
}

/** Whether somebody is meant by what was typed: a part of the name, or digits of the number. */
function isMeant(typed: string, name: string | undefined, phoneNumber: string): boolean {
  const digits = typed.replace(/\D/g, "");
  return (
    (name ?? "").toLocaleLowerCase().includes(typed.trim().toLocaleLowerCase()) ||
    (digits !== "" && phoneNumber.includes(digits))
  );
}

function Rows({ rows, isUnread, selected }: Pick<Props, "isUnread" | "selected"> & { readonly rows: readonly Row[] }) {
  const navigate = useNavigate();
  const { names, areSomeMissing } = useNames(rows.map(({ phoneNumber }) => phoneNumber));
  const [typed, setTyped] = useState("");
  const shown =
    typed.trim() === "" ? rows : rows.filter(({ phoneNumber }) => isMeant(typed, names.get(phoneNumber), phoneNumber));
  if (rows.length === 0) {
    return (
      <Empty icon={isUnread ? CheckCheck : MessageSquare} title={isUnread ? words.noUnreadTitle : words.emptyTitle}>
        <p>{isUnread ? words.noUnread : words.empty}</p>
      </Empty>
    );
  }
  return (
    <NamesContext value={names}>
      <SearchField className="field search" value={typed} onChange={setTyped}>
        <Label>{words.narrow}</Label>
        <Input />
      </SearchField>
      {shown.length === 0 && (
        <Empty icon={UserRoundSearch} title={words.noneMeantTitle}>
          <p>{words.noneMeant}</p>
        </Empty>
      )}
      {areSomeMissing && (
        <p className="note" role="status">
          {words.namesFailed}
        </p>
      )}
      <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: ROW_HEIGHT }}>
        <ListBox
          className="rows"
          aria-label={words.list}
          items={shown}
          {...opensRow(selected, (key) => void navigate(`/inbox/${key}`))}
        >
          {(row) => <ConversationItem row={row} />}
        </ListBox>
      </Virtualizer>
    </NamesContext>
  );
}

type Row = ConversationRowFragment;

/** Names arrive after the rows; the rows are not made anew for them, which would lose a click that is under way. */
const NamesContext = createContext<ReadonlyMap<string, string>>(new Map());

function ConversationItem({ row }: { readonly row: Row }) {
  return (
    <ListBoxItem id={row.phoneNumber} className="row" textValue={row.phoneNumber}>
      <ConversationSummary row={row} />
    </ListBoxItem>
  );
}

function ConversationSummary({ row }: { readonly row: Row }) {
  const { latestMessage, latestAt, phoneNumber, unreadCount, person } = row;
  const name = useContext(NamesContext).get(phoneNumber) ?? showNumber(phoneNumber);
  const isSent = latestMessage.__typename === "OutgoingMessage";
  return (
    <>
      <Avatar name={name} />
      <span className="row-main">
        <span className="row-line">
          <span className={unreadCount > 0 ? "row-name is-unread" : "row-name"}>{name}</span>
          <Time at={latestAt} />
        </span>
        <span className="row-line">
          <span className="row-text">
            {isSent && words.you}
            {latestMessage.text}
          </span>
          {person.optedOutAt !== null && <span className="badge badge-danger">{words.optedOut}</span>}
          {isSent && latestMessage.state === "UNKNOWN" && <span className="badge badge-warn">{words.unknown}</span>}
          {unreadCount > 0 && (
            <span className="count">
              <span aria-hidden>{unreadCount}</span>
              <span className="visually-hidden">{words.unreadCount(unreadCount)}</span>
            </span>
          )}
        </span>
      </span>
    </>
  );
}
