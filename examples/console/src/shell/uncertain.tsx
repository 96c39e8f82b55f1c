import { useQuery } from "@apollo/client/react";
import { UncertainDocument } from "../generated/ops.ts";
import { strings } from "../strings.ts";

const LOOK_MS = 60_000;

/** In the menu: how many attempts wait for a person's decision. Costs no platform call. */
export default function Uncertain() {
  const { data } = useQuery(UncertainDocument, {
    // The page of the attempts reads parts of the same list, whose items have no id.
    fetchPolicy: "no-cache",
    pollInterval: LOOK_MS,
    skipPollAttempt: () => document.hidden,
  });
  const count = data?.unknownAttempts?.totalCount ?? 0;
  return count === 0 ? null : (
    <span className="count">
      <span aria-hidden>{count}</span>
      <span className="visually-hidden">{strings.ops.attempts.waiting(count)}</span>
    </span>
  );
}
