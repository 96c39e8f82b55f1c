import type { ErrorLike } from "@apollo/client";
import { CheckCheck, MessageSquare, UserRoundSearch } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Link } from "react-router";
import type { ConversationRowFragment } from "../generated/inbox.ts";
import { PaneFoot } from "../parts/pane-foot.tsx";
import { Avatar, showNumber } from "../parts/person.tsx";
import { Empty, Failed, Problem, Skeleton } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { strings } from "../strings.ts";
import { useNames } from "./names.ts";

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
  const [typed, setTyped] = useState("");
  return (
    <section className="conversations" aria-labelledby="inbox-title">
      <header className="pane-head">
        <h1 id="inbox-title">{words.title}</h1>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a row everywhere */}
        <div className="segmented" role="group" aria-label={words.show}>
          <button type="button" aria-pressed={!isUnread} onClick={() => onUnread(false)}>
            {words.all}
          </button>
          <button type="button" aria-pressed={isUnread} onClick={() => onUnread(true)}>
            {words.unread}
          </button>
        </div>
      </header>
      {rows !== null && <Problem error={error} onRetry={onRetry} />}
      {rows === null && error !== undefined && <Failed error={error} title={words.failedTitle} onRetry={onRetry} />}
      {rows === null ? (
        error === undefined && <Skeleton />
      ) : (
        <Rows
          rows={rows}
          isUnread={isUnread}
          selected={selected}
          typed={typed}
          onType={setTyped}
          onAll={() => onUnread(false)}
        />
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

interface RowsProps extends Pick<Props, "isUnread" | "selected"> {
  readonly rows: readonly Row[];
  readonly typed: string;
  readonly onType: (typed: string) => void;
  /** Shows those that are read too. */
  readonly onAll: () => void;
}

function Rows({ rows, isUnread, selected, typed, onType, onAll }: RowsProps) {
  const { names, areSomeMissing } = useNames(rows.map(({ phoneNumber }) => phoneNumber));
  const [focused, setFocused] = useState<string | null>(null);
  const shown =
    typed.trim() === "" ? rows : rows.filter(({ phoneNumber }) => isMeant(typed, names.get(phoneNumber), phoneNumber));
  if (rows.length === 0) {
    return (
      <Empty icon={isUnread ? CheckCheck : MessageSquare} title={isUnread ? words.noUnreadTitle : words.emptyTitle}>
        <p>{isUnread ? words.noUnread : words.empty}</p>
      </Empty>
    );
  }
  const find = (sought: string | null) => shown.find(({ phoneNumber }) => phoneNumber === sought);
  // The Tab key stops at one row alone.
  const reached = find(focused) ?? find(selected) ?? shown[0];
  return (
    <>
      <label className="field search">
        <span>{words.narrow}</span>
        <input type="search" value={typed} onChange={({ target }) => onType(target.value)} />
      </label>
      {shown.length === 0 && (
        <Empty icon={UserRoundSearch} title={isUnread ? words.noneUnreadTitle : words.noneMeantTitle}>
          <p>{isUnread ? words.noneUnread : words.noneMeant}</p>
          {isUnread && (
            <button type="button" className="button" onClick={onAll}>
              {words.searchAll}
            </button>
          )}
        </Empty>
      )}
      {areSomeMissing && (
        <p className="note" role="status">
          {words.namesFailed}
        </p>
      )}
      <div className="rows" role="listbox" aria-label={words.list} onKeyDown={moveByKey}>
        {shown.map((row) => (
          <Link
            key={row.phoneNumber}
            className="row"
            to={`/inbox/${row.phoneNumber}`}
            role="option"
            aria-selected={row.phoneNumber === selected}
            tabIndex={row === reached ? 0 : -1}
            onFocus={() => setFocused(row.phoneNumber)}
          >
            <ConversationSummary row={row} name={names.get(row.phoneNumber) ?? showNumber(row.phoneNumber)} />
          </Link>
        ))}
      </div>
    </>
  );
}

type Row = ConversationRowFragment;

/** Arrow keys, Home and End move; Enter, as in any link, and Space open a row. Tab leaves the list. */
function moveByKey(event: KeyboardEvent<HTMLElement>): void {
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=option]")];
  const at = rows.findIndex((row) => row.matches(":focus"));
  const places = new Map([
    ["ArrowDown", at + 1],
    ["ArrowUp", at - 1],
    ["Home", 0],
    ["End", rows.length - 1],
  ]);
  const place = places.get(event.key);
  if (place !== undefined || event.key === " ") {
    event.preventDefault();
  }
  if (place !== undefined) {
    rows[place]?.focus();
  } else if (event.key === " ") {
    rows[at]?.click();
  }
}

function ConversationSummary({ row, name }: { readonly row: Row; readonly name: string }) {
  const { latestMessage, latestAt, unreadCount, person } = row;
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
          {isSent && latestMessage.state === "REFUSED" && <span className="badge badge-danger">{words.notSent}</span>}
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
