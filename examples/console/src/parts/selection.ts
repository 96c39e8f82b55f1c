import type { Key, Selection } from "react-aria-components";

/** Props of a list of which one row is open: to choose another one opens that. `selected`: null if none is. */
export function opensRow(selected: string | null, open: (key: Key) => void) {
  return {
    selectionMode: "single",
    selectionBehavior: "replace",
    selectedKeys: selected === null ? [] : [selected],
    onSelectionChange: (keys: Selection) => {
      const [chosen] = keys === "all" ? [] : keys;
      if (chosen !== undefined && chosen !== selected) {
        open(chosen);
      }
    },
  } as const;
}
