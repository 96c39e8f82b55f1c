import { skipToken, useQuery } from "@apollo/client/react";
import { LinesDocument, type LinesQuery } from "../generated/inbox.ts";
import { useMay } from "../session.tsx";

export type Line = NonNullable<LinesQuery["pidjGroups"]>["nodes"][number];

export interface Lines {
  readonly state: "reading" | "read" | "failed" | "forbidden";
  /** The account's groups that have a number to send from. */
  readonly all: readonly Line[];
  /** The line that is wanted, or the first one; null while none is known. */
  readonly line: Line | null;
  readonly readAgain: () => void;
}

/** The lines that texts can come from. `wanted`: the id of the one to use, if it is there. */
export function useLines(wanted: string | null): Lines {
  const isAllowed = useMay()("groups:read");
  const { data, error, refetch } = useQuery(LinesDocument, isAllowed ? {} : skipToken);
  const groups = data?.pidjGroups?.nodes;
  const all = groups?.filter(({ displayPhoneNumber }) => displayPhoneNumber !== null) ?? [];
  return {
    state: !isAllowed ? "forbidden" : groups ? "read" : error ? "failed" : "reading",
    all,
    line: all.find(({ id }) => id === wanted) ?? all[0] ?? null,
    readAgain: () => void refetch(),
  };
}
