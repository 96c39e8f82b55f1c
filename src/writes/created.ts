import type { Id, IdType } from "../ids.ts";
import { carryOut, type Outcome, type Write, type WriteTools } from "./carry-out.ts";

/** A record of which nothing is known but its id: what is asked of it is read by that id. */
export interface Stub<RecordId> {
  readonly id: RecordId;
  readonly isDetail: false;
}

export function stubOf<RecordId extends Id<IdType>>(id: RecordId): Stub<RecordId> {
  return { id, isDetail: false };
}

/**
 * Carries out a creation. Gives the record as the platform answered with it; a stub where that answer had nothing but
 * the id, and for a replay, so that it is told as it is now; null where the platform did not tell the id.
 */
export async function carryOutCreation<RecordId extends Id<IdType>, Row extends { readonly id: RecordId }>(
  tools: WriteTools,
  write: Omit<Write<RecordId | null>, "call" | "messageOf" | "presume"> & { readonly call: () => Promise<Row | null> },
): Promise<Outcome<Row | Stub<RecordId>>> {
  let created: Row | null = null;
  const outcome = await carryOut<RecordId | null>(tools, {
    ...write,
    call: async () => {
      created = await write.call();
      return created?.id ?? null;
    },
  });
  const id = outcome.value;
  return { ...outcome, value: id === null ? null : saysMore(created) ? created : stubOf(id) };
}

function saysMore<Row extends object>(record: Row | null): record is Row {
  const { id: _id, isDetail: _isDetail, ...rest } = { id: null, isDetail: false, ...record };
  return Object.values(rest).some((value) => value !== undefined && value !== null);
}
