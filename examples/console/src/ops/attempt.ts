import type { OperationsQuery } from "../generated/ops.ts";

export type Attempt = NonNullable<OperationsQuery["unknownAttempts"]>["nodes"][number];

/** What it says; null if nobody knows, or if the key does not open it. */
export function textOf({ outgoingMessage, jobRow }: Attempt): string | null {
  return outgoingMessage?.text ?? jobRow?.text ?? null;
}
