import { useVirtualizer } from "@tanstack/react-virtual";
import { Check, CircleAlert, Clock, TriangleAlert } from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { Button } from "react-aria-components";
import { Link } from "react-router";
import type { ThreadQuery } from "../generated/inbox.ts";
import { showDay, Time } from "../parts/time.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";

export type Message = NonNullable<
  NonNullable<NonNullable<ThreadQuery["person"]>["conversation"]>["messages"]
>["nodes"][number];

const ICONS = { IN_PROGRESS: Clock, ACCEPTED: Check, REFUSED: CircleAlert, UNKNOWN: TriangleAlert } as const;
const NEAR_END_PX = 40;
const words = strings.inbox;

interface Props {
  /** Newest first. */
  readonly messages: readonly Message[];
  /** What is known of the time before the first message. */
  readonly since: string;
  readonly onOlder: (() => void) | null;
  /** What can be done about a text that was not sent. */
  readonly renderAgain: (message: Message) => ReactNode;
}

/** The texts, oldest first; only those in sight are in the document. The newest is in sight when one is added. */
export function Messages({ messages, since, onOlder, renderAgain }: Props) {
  const rows = messages.toReversed();
  const box = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => 72,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 8,
  });
  const newest = messages[0]?.id;
  useEffect(() => {
    if (newest !== undefined) {
      virtualizer.scrollToIndex(rows.length - 1, { align: "end" });
    }
  }, [newest, rows.length, virtualizer]);
  useStaysAtEnd(box);

  return (
    // Keyboards scroll what has the focus.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable (axe: scrollable-region-focusable)
    <div className="messages" ref={box} tabIndex={0} role="log" aria-label={words.list}>
      {onOlder ? (
        <Button className="button" onPress={onOlder}>
          {words.older}
        </Button>
      ) : (
        <p className="muted since">{since}</p>
      )}
      <div className="messages-all" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const message = rows[index];
          const day = message && showDay(momentOf(message));
          const before = rows[index - 1];
          return (
            message && (
              <div
                key={key}
                className="message-place"
                data-index={index}
                ref={virtualizer.measureElement}
                style={{ transform: `translateY(${start}px)` }}
              >
                {(before === undefined || showDay(momentOf(before)) !== day) && <p className="day">{day}</p>}
                <Bubble message={message}>{renderAgain(message)}</Bubble>
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

/** Whoever reads the newest text still sees it when the box becomes lower or what is in it becomes higher. */
function useStaysAtEnd(box: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const element = box.current;
    if (element === null) {
      return;
    }
    let isAtEnd = true;
    let [height, inside] = [0, 0];
    const onScroll = () => {
      // A change of height scrolls too, and that nobody wanted.
      if (element.clientHeight === height && element.scrollHeight === inside) {
        isAtEnd = inside - element.scrollTop - height < NEAR_END_PX;
      }
    };
    const observer = new ResizeObserver(() => {
      height = element.clientHeight;
      inside = element.scrollHeight;
      if (isAtEnd) {
        element.scrollTop = inside;
      }
    });
    element.addEventListener("scroll", onScroll, { passive: true });
    for (const each of [element, ...element.children]) {
      observer.observe(each);
    }
    return () => {
      element.removeEventListener("scroll", onScroll);
      observer.disconnect();
    };
  }, [box]);
}

function momentOf(message: Message): string {
  return message.__typename === "ReceivedMessage" ? message.receivedAt : message.sentAt;
}

function Bubble({ message, children }: { readonly message: Message; readonly children: ReactNode }) {
  const may = useMay();
  if (message.__typename === "ReceivedMessage") {
    return (
      <article className="bubble">
        <p>{message.text}</p>
        <footer>
          <Time at={message.receivedAt} isHour />
        </footer>
      </article>
    );
  }
  const Icon = ICONS[message.state];
  return (
    <article className={`bubble bubble-sent is-${message.state.toLowerCase()}`}>
      <p>{message.text}</p>
      <footer>
        <Icon aria-hidden size={14} />
        <span>
          {strings.outcome[message.state]}
          {message.state === "REFUSED" && message.message !== null && `: ${message.message}`}
        </span>
        <Time at={message.sentAt} isHour />
      </footer>
      {message.state === "UNKNOWN" && may("attempts:read") && (
        <div className="bubble-actions">
          <Link className="button" to="/ops">
            {words.decide}
          </Link>
        </div>
      )}
      {children}
    </article>
  );
}
