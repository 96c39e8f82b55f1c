import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { Link } from "react-router";
import type { WrittenTextFragment } from "../generated/polls.ts";
import { showNumber } from "../parts/person.tsx";
import { strings } from "../strings.ts";

const words = strings.polls;
const LINE_HEIGHT = 34;

interface Props {
  readonly texts: readonly WrittenTextFragment[];
  readonly question: string;
}

/** Texts, one below the other; only those in sight are in the document. */
export function TextList({ texts, question }: Props) {
  const box = useRef<HTMLElement>(null);
  const virtualizer = useVirtualizer({
    count: texts.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE_HEIGHT,
    getItemKey: (index) => texts[index]?.id ?? index,
    overscan: 8,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable (axe: scrollable-region-focusable)
    <section className="texts" ref={box} tabIndex={0} aria-label={`${words.texts}: ${question}`}>
      {texts.length === 0 && <p className="muted">{words.none}</p>}
      <ul style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => (
          <li
            key={key}
            data-index={index}
            ref={virtualizer.measureElement}
            style={{ transform: `translateY(${start}px)` }}
            aria-setsize={texts.length}
            aria-posinset={index + 1}
          >
            {texts[index]?.text} <Sender of={texts[index]} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Leads to the person, unless the number is masked. */
function Sender({ of: written }: { readonly of: WrittenTextFragment | undefined }) {
  const phoneNumber = written?.from?.phoneNumber;
  return phoneNumber === undefined ? (
    <span className="muted">{written?.displayFrom}</span>
  ) : (
    <Link className="muted" to={`/people/${phoneNumber}`}>
      {showNumber(phoneNumber)}
    </Link>
  );
}
