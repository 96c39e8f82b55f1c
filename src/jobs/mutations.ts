import type { Caller } from "../access/caller.ts";
import type { Context } from "../context.ts";
import { parseId } from "../ids.ts";
import { isRegion, type Region } from "../phone.ts";
import type { JobKind, JobRecord } from "../store/jobs.ts";
import { Checks, type Optional, once } from "../writes/checks.ts";
import { checkSender, type SenderInput } from "../writes/parties.ts";
import { type Outcome, type Refusal, Refused, refusalsAsData } from "../writes/refusal.ts";
import { type MadeJob, makeJob } from "./create.ts";
import { isTimeOfDay } from "./quiet-hours.ts";
import type { RowSource } from "./recipients.ts";
import { pastCallerOf, requireJobRights } from "./rights.ts";
import { requireLine } from "./sender.ts";
import { parseTemplate } from "./template.ts";

interface SendJobInput {
  readonly name?: Optional;
  readonly from: SenderInput;
  readonly text: string;
  readonly recipients: RowSource;
  readonly allowTruncation?: Optional<boolean>;
  readonly quietHours?: Optional<{ readonly start: string; readonly end: string }>;
  readonly timeZone?: Optional;
  readonly region?: Optional;
  readonly isDryRun?: Optional<boolean>;
  readonly idempotencyKey: string;
}

interface ImportJobInput {
  readonly name?: Optional;
  readonly target: "PARTICIPANTS" | "CONTACTS";
  readonly rows: RowSource;
  readonly groupIds?: Optional<readonly string[]>;
  readonly region?: Optional;
  readonly isDryRun?: Optional<boolean>;
  readonly idempotencyKey: string;
}

/** A job or its check; if nothing can be carried out, both the check and `userErrors` say so. */
export interface JobCreation extends MadeJob {
  readonly userErrors: readonly Refusal[];
}

const LONGEST_NAME = 200;
const MOST_GROUPS = 5;
const RECIPIENTS = ["input", "recipients"];
const ROWS = ["input", "rows"];
const GROUPS = ["input", "groupIds"];
const ID = ["input", "id"];

export function createSendJob(context: Context, input: SendJobInput): Promise<JobCreation> {
  const { isDryRun, idempotencyKey, ...rest } = input;
  return creation(RECIPIENTS, async () => {
    const checks = new Checks();
    const { jobDefaults } = context.services;
    const name = checks.optionalText(["input", "name"], input.name, { most: LONGEST_NAME }) ?? null;
    const sender = checkSender(checks, input.from);
    const text = checks.text(["input", "text"], input.text);
    if (parseTemplate(text) === null) {
      const advice = "Write {{ and }} for braces that stand for themselves.";
      checks.refuse(
        ["input", "text"],
        `text must have placeholders like {name}, each closed and with a name. ${advice}`,
      );
    }
    const quietHours = input.quietHours ?? jobDefaults.quietHours;
    for (const part of ["start", "end"] as const) {
      if (!isTimeOfDay(quietHours[part])) {
        checks.refuse(["input", "quietHours", part], `quietHours.${part} must be a time of day such as 21:00.`);
      }
    }
    const key = checks.text(["input", "idempotencyKey"], idempotencyKey, { most: 255 });
    const region = checkRegion(checks, input.region);
    checks.done();
    return makeJob(context, {
      mutation: "createSendJob",
      kind: "SEND",
      name,
      send: {
        from: input.from,
        text,
        allowTruncation: input.allowTruncation ?? false,
        quietHours,
        timeZone: input.timeZone ?? jobDefaults.timeZone,
      },
      groupIds: [],
      rows: input.recipients,
      rowsField: RECIPIENTS,
      region,
      isDryRun: isDryRun ?? false,
      idempotencyKey: key,
      requireNamed: () => requireLine(context, sender),
      input: rest,
    });
  });
}

export function createImportJob(context: Context, input: ImportJobInput): Promise<JobCreation> {
  const { isDryRun, idempotencyKey, ...rest } = input;
  requireJobRights(context, kindOf(input.target));
  return creation(ROWS, async () => {
    const checks = new Checks();
    const name = checks.optionalText(["input", "name"], input.name, { most: LONGEST_NAME }) ?? null;
    const groupIds = checkGroupIds(checks, input.target, once(input.groupIds ?? []));
    const key = checks.text(["input", "idempotencyKey"], idempotencyKey, { most: 255 });
    const region = checkRegion(checks, input.region);
    checks.done();
    return makeJob(context, {
      mutation: "createImportJob",
      kind: kindOf(input.target),
      name,
      send: null,
      groupIds,
      rows: input.rows,
      rowsField: ROWS,
      region,
      isDryRun: isDryRun ?? false,
      idempotencyKey: key,
      requireNamed: () => requireGroups(context, groupIds),
      input: rest,
    });
  });
}

/** The country whose national numbers are read; null for none. */
function checkRegion(checks: Checks, region: Optional): Region | null {
  const country = region?.toUpperCase() ?? null;
  if (country === null || isRegion(country)) {
    return country;
  }
  checks.refuse(["input", "region"], "region must be a country's code of two letters (ISO 3166-1), such as US.");
  return null;
}

function kindOf(target: ImportJobInput["target"]): JobKind {
  return target === "CONTACTS" ? "IMPORT_CONTACTS" : "IMPORT_PARTICIPANTS";
}

function checkGroupIds(
  checks: Checks,
  target: ImportJobInput["target"],
  groupIds: readonly string[],
): readonly string[] {
  if (target === "CONTACTS" && groupIds.length > 1) {
    checks.refuse(GROUPS, "groupIds may have one id here: Pidj puts a contact into one group.");
  }
  if (groupIds.length > MOST_GROUPS) {
    checks.refuse(GROUPS, `groupIds may have ${MOST_GROUPS} ids.`);
  }
  const type = target === "CONTACTS" ? "PidjGroup" : "TextizenGroup";
  return groupIds.map((id, at) => checks.id(type, [...GROUPS, String(at)], id));
}

/** Throws Refused if a group is not in its platform's list, and what reading the list throws. */
async function requireGroups({ pidj, textizen }: Context, groupIds: readonly string[]): Promise<void> {
  for (const [at, id] of groupIds.entries()) {
    const [ofPidj, ofTextizen] = [parseId("PidjGroup", id), parseId("TextizenGroup", id)];
    const group = ofPidj ? (await pidj.groups()).get(ofPidj) : ofTextizen && (await textizen.groups()).get(ofTextizen);
    if (!group) {
      throw new Refused({
        code: "NOT_FOUND",
        field: [...GROUPS, String(at)],
        message: "There is no group of this id.",
      });
    }
  }
}

async function creation(rowsField: readonly string[], make: () => Promise<MadeJob>): Promise<JobCreation> {
  const { value, userErrors } = await refusalsAsData(async () => ({ value: await make() }));
  if (value === null) {
    return { job: null, check: null, isReplay: false, userErrors };
  }
  if (value.check?.acceptedCount === 0) {
    const message = "No row can be carried out: check.refusals says why.";
    return { ...value, userErrors: [{ code: "INVALID_INPUT", field: rowsField, message }] };
  }
  return { ...value, userErrors };
}

type Control = "pause" | "resume" | "cancel";

/**
 * Pauses, resumes or cancels a job, for those who may make such a job. What is asked for twice is done once. Throws
 * ForbiddenError.
 */
export function controlJob(
  context: Context,
  control: Control,
  input: { readonly id: string },
): Promise<Outcome<JobRecord>> {
  const { jobs, now, audit } = context.services;
  return refusalsAsData(async () => {
    const checks = new Checks();
    const id = checks.id("Job", ID, input.id);
    checks.done();
    const found = await jobs.find(id);
    if (found !== null) {
      requireJobRights(context, found.kind);
    }
    let refusal: string | null = null;
    const job = await jobs.change(id, (current) => {
      refusal = refusalOf(current, control);
      return refusal === null ? controlled(current, control, { at: now().getTime(), by: context.caller }) : null;
    });
    if (job === null) {
      throw new Refused({ code: "NOT_FOUND", field: ID, message: "There is no job of this id." });
    }
    if (refusal !== null) {
      throw new Refused({ code: "INVALID_INPUT", field: ID, message: refusal });
    }
    audit.append({
      caller: context.caller.id,
      mutation: `${control}Job`,
      outcome: "ACCEPTED",
      idempotencyKey: null,
      targets: [id],
    });
    return { value: job };
  });
}

function refusalOf({ state }: JobRecord, control: Control): string | null {
  const isOver = state === "COMPLETED" || (state === "CANCELLED" && control !== "cancel");
  return isOver ? `The job is ${state.toLowerCase()}, and cannot be changed any more.` : null;
}

function controlled(
  { pauseReason, ...job }: JobRecord,
  control: Control,
  { at, by }: { readonly at: number; readonly by: Caller },
): JobRecord {
  switch (control) {
    case "pause":
      return { ...job, state: "PAUSED", pauseReason: pauseReason ?? "REQUESTED", waits: null };
    case "resume":
      return {
        ...job,
        ...(pauseReason === "KEY_REVOKED" && { resumedBy: pastCallerOf(by) }),
        state: "RUNNING",
        waits: null,
      };
    case "cancel":
      return { ...job, state: "CANCELLED", waits: null, endedAt: job.endedAt ?? at };
    default:
      return control satisfies never;
  }
}
