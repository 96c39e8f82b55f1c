import type { Id, IdType } from "../ids.ts";
import type { WriteScope } from "../rest/calls.ts";
import { carryOut, type Write } from "./carry-out.ts";
import type { Done } from "./idempotency.ts";
import type { WriteTools } from "./tools.ts";

/** A record of which only the id is known. Its fields are read by that id. */
export interface Stub<RecordId> {
  readonly id: RecordId;
  readonly isDetail: false;
}

export function stubOf<RecordId extends Id<IdType>>(id: RecordId): Stub<RecordId> {
  return { id, isDetail: false };
}

/**
 * Carries out a creation. Returns the record in the platform's answer as a row, whose missing fields are read by its
 * id. Returns a stub for a replay, so that all fields are read as they are now, and null if the platform did not return
 * the id.
 */
export async function carryOutCreation<RecordId extends Id<IdType>, Row extends { readonly id: RecordId }>(
  tools: WriteTools,
  write: Omit<Write<RecordId | null>, "call" | "didNothing" | "learn" | "messageOf" | "resultIfConfirmed"> & {
    readonly call: (scope: WriteScope) => Promise<Row | null>;
  },
): Promise<Done<Row | Stub<RecordId> | null>> {
  let created: Row | null = null;
  const { value: id, isReplay } = await carryOut<RecordId | null>(tools, {
    ...write,
    call: async (scope) => {
      created = await write.call(scope);
      return created?.id ?? null;
    },
  });
  return { value: id === null ? null : (created ?? stubOf(id)), isReplay };
}
