import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { useTyped } from "../parts/timing.ts";

const NAME = "search";

/**
 * What is searched for. It stands in the address, so that it is still there when somebody was opened, and again when
 * the browser goes back.
 */
export function useKeptSearch() {
  const [parameters, setParameters] = useSearchParams();
  const kept = useRef(parameters.get(NAME) ?? "");
  const [typed, setTyped] = useState(kept.current);
  const settled = useTyped(typed);
  useEffect(() => {
    if (settled === kept.current) {
      return;
    }
    kept.current = settled;
    setParameters(
      (before) => {
        before.delete(NAME);
        if (settled !== "") {
          before.set(NAME, settled);
        }
        return before;
      },
      { replace: true },
    );
  }, [settled, setParameters]);
  return { typed, setTyped, settled };
}

/** The part of an address that keeps the search of this one: `?search=jet`, or nothing. */
export function searchIn({ search }: { readonly search: string }): string {
  const kept = new URLSearchParams(search).get(NAME);
  return kept === null ? "" : `?${new URLSearchParams({ [NAME]: kept })}`;
}
