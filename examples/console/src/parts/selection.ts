import type { Key, Selection } from "react-aria-components";

/**
 * Props of a list of which one row is open: a click, Enter or Space opens another one. Arrow keys only move, because to
 * open a row may mark it as read. `selected`: null if none is.
 */
export function opensRow(selected: string | null, open: (key: Key) => void) {
  return {
    selectionMode: "single",
    // With "replace", whatever has the focus is chosen.
    selectionBehavior: "toggle",
    disallowEmptySelection: true,
    selectedKeys: selected === null ? [] : [selected],
    onSelectionChange: (keys: Selection) => {
      const [chosen] = keys === "all" ? [] : keys;
      if (chosen !== undefined && chosen !== selected) {
        open(chosen);
      }
    },
  } as const;
}
