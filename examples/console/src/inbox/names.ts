import { skipToken } from "@apollo/client/react";
import { useMemo } from "react";
import { NamesDocument } from "../generated/inbox.ts";
import { useRead } from "../parts/read.ts";
import { useMay } from "../session.tsx";

// A contact's name costs a call: those of the rows that are seen first, read once in a session.
const MOST_NAMES = 30;

interface Names {
  readonly names: ReadonlyMap<string, string>;
  /** A platform did not answer, so that some are not known that otherwise are. */
  readonly areSomeMissing: boolean;
}

/** The names of these numbers, as far as they are known and the key may read people. */
export function useNames(phoneNumbers: readonly string[]): Names {
  const may = useMay();
  const isAllowed = may("contacts:read") || may("participants:read");
  const asked = [...phoneNumbers].slice(0, MOST_NAMES).sort();
  const { data, previousData, error } = useRead(
    NamesDocument,
    isAllowed && asked.length > 0 ? { variables: { phoneNumbers: asked } } : skipToken,
  );
  const people = (data ?? previousData)?.people;
  // The same map as long as the names are: rows that are made anew lose a click.
  const names = useMemo(
    () => new Map(people?.flatMap(({ phoneNumber, displayName }) => (displayName ? [[phoneNumber, displayName]] : []))),
    [people],
  );
  return { names, areSomeMissing: error !== undefined };
}
