import { skipToken } from "@apollo/client/react";
import { LinesDocument, type LinesQuery } from "../generated/inbox.ts";
import { useRead } from "../parts/read.ts";
import { useMay } from "../session.tsx";

export type Line = NonNullable<LinesQuery["pidjGroups"]>["nodes"][number];

export interface Lines {
  readonly state: "reading" | "read" | "failed" | "forbidden";
  /** The account's groups that have a number to send from. */
  readonly all: readonly Line[];
  /** The line that is wanted, or else the first one; null if none is known. */
  readonly line: Line | null;
  readonly readAgain: () => void;
}

/**
 * The lines that texts can come from. `chosen`: the id of the one to use. If none was, it is the one whose number or id
 * is `used`, or the first one; undefined if it cannot be known, so that somebody has to choose.
 */
export function useLines(chosen: string | null, used: string | null | undefined = null): Lines {
  const isAllowed = useMay()("groups:read");
  const { data, error, refetch } = useRead(LinesDocument, isAllowed ? {} : skipToken);
  const groups = data?.pidjGroups?.nodes;
  const all = groups?.filter(({ displayPhoneNumber }) => displayPhoneNumber !== null) ?? [];
  return {
    state: !isAllowed ? "forbidden" : groups ? "read" : error ? "failed" : "reading",
    all,
    line:
      all.find(({ id }) => id === chosen) ??
      all.find(({ id, phoneNumber }) => [id, phoneNumber].includes(used ?? "")) ??
      (used === undefined ? null : (all[0] ?? null)),
    readAgain: () => void refetch(),
  };
}
