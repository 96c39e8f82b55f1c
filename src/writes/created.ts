import type { Id, IdType } from "../ids.ts";
import type { WriteScope } from "../rest/calls.ts";
import { carryOut, type Write } from "./carry-out.ts";
import type { Outcome } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

/** A record of which nothing is known but its id: what is asked of it is read by that id. */
export interface Stub<RecordId> {
  readonly id: RecordId;
  readonly isDetail: false;
}

export function stubOf<RecordId extends Id<IdType>>(id: RecordId): Stub<RecordId> {
  return { id, isDetail: false };
}

/**
 * Carries out a creation. Gives the record as the platform answered with it, a row: what it does not say is read by its
 * id. For a replay a stub, so that all is told as it is now; null where the platform did not tell the id.
 */
export async function carryOutCreation<RecordId extends Id<IdType>, Row extends { readonly id: RecordId }>(
  tools: WriteTools,
  write: Omit<Write<RecordId | null>, "call" | "messageOf" | "presume"> & {
    readonly call: (scope: WriteScope) => Promise<Row | null>;
  },
): Promise<Outcome<Row | Stub<RecordId>>> {
  let created: Row | null = null;
  const outcome = await carryOut<RecordId | null>(tools, {
    ...write,
    call: async (scope) => {
      created = await write.call(scope);
      return created?.id ?? null;
    },
  });
  const id = outcome.value;
  return { ...outcome, value: id === null ? null : (created ?? stubOf(id)) };
}
