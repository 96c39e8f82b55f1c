import { useVirtualizer } from "@tanstack/react-virtual";
import { Check, CircleAlert, Clock, TriangleAlert } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button } from "react-aria-components";
import type { ThreadQuery } from "../generated/operations.ts";
import { Time } from "../parts/time.tsx";
import { strings } from "../strings.ts";

type Message = NonNullable<
  NonNullable<NonNullable<ThreadQuery["person"]>["conversation"]>["messages"]
>["nodes"][number];

const ICONS = { IN_PROGRESS: Clock, ACCEPTED: Check, REFUSED: CircleAlert, UNKNOWN: TriangleAlert } as const;
const words = strings.inbox;

interface Props {
  /** Newest first. */
  readonly messages: readonly Message[];
  /** What is known of the time before the first message. */
  readonly since: string;
  readonly onOlder: (() => void) | null;
}

/** The texts, oldest first; only those in sight are in the document. The newest is in sight when one is added. */
export function Messages({ messages, since, onOlder }: Props) {
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
          return (
            message && (
              <div
                key={key}
                className="message-place"
                data-index={index}
                ref={virtualizer.measureElement}
                style={{ transform: `translateY(${start}px)` }}
              >
                <Bubble message={message} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

function Bubble({ message }: { readonly message: Message }) {
  if (message.__typename === "ReceivedMessage") {
    return (
      <article className="bubble">
        <p>{message.text}</p>
        <footer>
          <Time at={message.receivedAt} />
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
        <span>{strings.outcome[message.state]}</span>
        {message.state === "REFUSED" && message.message !== null && <span>{message.message}</span>}
        <Time at={message.sentAt} />
      </footer>
    </article>
  );
}
