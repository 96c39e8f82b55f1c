import type { ReactNode } from "react";

interface Props {
  /** How many rows the list has. */
  readonly children: ReactNode;
  /** Of the button for further rows. */
  readonly more: string;
  /** Null if all rows are shown. */
  readonly onMore: (() => void) | null;
}

/** The foot of a list: its length, and the way to further rows. */
export function PaneFoot({ children, more, onMore }: Props) {
  return (
    <footer className="pane-foot">
      {children}
      {onMore && (
        <button type="button" className="button" onClick={onMore}>
          {more}
        </button>
      )}
    </footer>
  );
}
