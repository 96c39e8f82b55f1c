import { ArrowLeft } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "react-router";

interface Props {
  /** Id of the heading, which names the section. */
  readonly id: string;
  readonly title: string;
  /** The line under the heading. */
  readonly line?: ReactNode;
  /** The list that this was opened from: narrow screens show one of the two. */
  readonly back: { readonly to: string; readonly label: string };
  readonly avatar?: ReactNode;
  /** What stands at the end. */
  readonly children?: ReactNode;
}

/** The head of what was opened from a list. */
export function PaneHead({ id, title, line, back, avatar, children }: Props) {
  const link = useRef<HTMLAnchorElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // It has taken the place of the list, and of the row that had the focus.
    if (link.current?.checkVisibility()) {
      heading.current?.focus();
    }
  }, []);
  return (
    <header className="pane-head">
      <Link className="icon-link only-narrow" ref={link} to={back.to} aria-label={back.label}>
        <ArrowLeft aria-hidden size={20} />
      </Link>
      {avatar}
      <div className="thread-who">
        <h1 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {line}
      </div>
      {children}
    </header>
  );
}
