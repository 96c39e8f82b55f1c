import { useCallback, useRef } from "react";

/** Runs what it is given, unless the last one still runs: two clicks can come before a button is disabled. */
export function useOneAtATime(): (work: () => Promise<void>) => Promise<void> {
  const isUnderWay = useRef(false);
  return useCallback(async (work) => {
    if (isUnderWay.current) {
      return;
    }
    isUnderWay.current = true;
    try {
      await work();
    } finally {
      isUnderWay.current = false;
    }
  }, []);
}
