import type * as gql from "../generated/graphql.ts";
import { controlJob, createImportJob, createSendJob } from "../jobs/mutations.ts";
import type { JobRecord } from "../jobs/pages.ts";
import { countsOf, idempotencyKeyOf, jobsPage, type RowOfJob, rowStateOf, rowsPage, stateOf } from "../jobs/pages.ts";
import { type ProgressItem, watchJob } from "../jobs/progress.ts";
import { textOf } from "../jobs/row.ts";
import { namedValues, numberOf } from "../jobs/rows.ts";
import { requireId } from "./arguments.ts";
import type { Complete } from "./fields.ts";
import { personOrNull } from "./person.ts";

export type { JobRecord, RowOfJob } from "../jobs/pages.ts";

export const Query = {
  job: (_root, { id }, { services }) => services.jobs.find(requireId("Job", "id", id)),
  jobs: (_root, { filter, ...args }, { services }) => jobsPage(services.jobs, args, filter?.states ?? null),
} satisfies gql.QueryResolvers;

export const Mutation = {
  createSendJob: (_root, { input }, context) => createSendJob(context, input),
  createImportJob: (_root, { input }, context) => createImportJob(context, input),
  pauseJob: async (_root, { input }, context) => payloadOf(await controlJob(context, "pause", input)),
  resumeJob: async (_root, { input }, context) => payloadOf(await controlJob(context, "resume", input)),
  cancelJob: async (_root, { input }, context) => payloadOf(await controlJob(context, "cancel", input)),
} satisfies gql.MutationResolvers;

export const Subscription = {
  jobProgress: {
    subscribe: (_root, { id }, { services, scope: { signal } }) =>
      watchJob(services.jobs, requireId("Job", "id", id), signal),
    resolve: ({ event }: ProgressItem) => ({ job: event }),
  },
} satisfies Pick<gql.SubscriptionResolvers, "jobProgress">;

export const Job = {
  state: stateOf,
  waitsFor: ({ waits }) => waits?.for ?? null,
  resumesAt: ({ waits }) => dateOrNull(waits?.until),
  pauseReason: ({ pauseReason }) => pauseReason ?? null,
  text: ({ send }) => send?.text ?? null,
  createdAt: ({ createdAt }) => new Date(createdAt),
  createdBy: ({ caller }) => caller.id,
  endedAt: ({ endedAt }) => dateOrNull(endedAt),
  resultsPath: ({ id }) => `/jobs/${id}/results.csv`,
  groupIds: ({ groupIds }) => groupIds ?? [],
  counts: countsOf,
  rows: (job, { filter, ...args }, { services }) => rowsPage(services.jobs, job, args, filter?.states ?? null),
} satisfies Complete<gql.JobResolvers, gql.Job, JobRecord>;

export const JobRow = {
  number: ({ row }) => row.number,
  line: ({ row }) => row.line ?? null,
  values: ({ row }) => namedValues(row.values),
  recipient: ({ row }) => row.to,
  person: ({ row }) => personOrNull(numberOf(row)),
  state: rowStateOf,
  code: ({ row }) => (row.outcome?.code ?? null) as gql.MessagingUserErrorCode | null,
  message: ({ row }) => row.outcome?.message ?? null,
  resumesAt: (each) => (rowStateOf(each) === "WAITING" ? dateOrNull(each.row.dueAt) : null),
  text: ({ job, row }) => (job.send === null ? null : textOf(job.send, row)),
  idempotencyKey: idempotencyKeyOf,
  settledAt: ({ row }) => dateOrNull(row.outcome?.at),
} satisfies Complete<gql.JobRowResolvers, gql.JobRow, RowOfJob>;

function payloadOf({ value, userErrors }: Awaited<ReturnType<typeof controlJob>>) {
  return { job: value, userErrors };
}

function dateOrNull(milliseconds: number | null | undefined): Date | null {
  return milliseconds === null || milliseconds === undefined ? null : new Date(milliseconds);
}
