import { useCallback, useEffect, useRef, useState } from "react";

const TYPING_MS = 250;

/** For what is read again and again: nobody looks, or nothing can be read. */
export const isUnwatched = () => document.hidden || !navigator.onLine;

/** What somebody types, once nobody has typed for a moment. */
export function useTyped(typed: string): string {
  const [settled, setSettled] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return settled;
}

/** A function that calls `onGathered` so many milliseconds after it was called: once for all calls that come in between. */
export function useGathered(onGathered: () => void, milliseconds: number): () => void {
  const latest = useRef(onGathered);
  latest.current = onGathered;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, milliseconds);
  }, [milliseconds]);
}
