import type * as gql from "../generated/graphql.ts";
import type { PidjTaskId } from "../ids.ts";
import { initiateTask } from "../writes/task.ts";
import type { Complete } from "./fields.ts";

/** A task as known from its input: Pidj never returns one. */
export interface TaskParent {
  readonly id: PidjTaskId;
  readonly groupId: string | null | undefined;
}

export const Mutation = {
  initiateTask: async (_root, { input }, { writes }) => {
    const { value, isReplay, userErrors } = await initiateTask(writes, input);
    const id = value?.id ?? null;
    return { task: id === null ? null : { id, groupId: input.groupId }, isReplay, userErrors };
  },
} satisfies gql.MutationResolvers;

export const PidjTask = {
  group: async ({ groupId }, _args, { pidj }) => (groupId ? (await pidj.groups()).get(groupId) : null),
} satisfies Complete<gql.PidjTaskResolvers, gql.PidjTask, TaskParent>;
