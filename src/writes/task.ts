import type { PidjTaskId } from "../ids.ts";
import type { TaskFields } from "../pidj/writes.ts";
import { carryOut, nobody } from "./carry-out.ts";
import { Checks, type Optional } from "./checks.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

interface InitiateTaskInput {
  readonly channel?: "TICKET" | undefined;
  readonly groupId?: Optional;
  readonly subject?: Optional;
  readonly topic?: Optional;
  readonly name?: Optional;
  readonly emailAddress?: Optional;
  readonly phoneNumber?: Optional;
  readonly idempotencyKey: string;
}

const PATHS = {
  channel: ["input", "channel"],
  group_id: ["input", "groupId"],
  subject: ["input", "subject"],
  topic: ["input", "topic"],
  name: ["input", "name"],
  email_address: ["input", "emailAddress"],
  phone_number: ["input", "phoneNumber"],
};

/** docs/platforms.md, Initiate a task. */
const LONGEST_TOPIC = 3_200;

/** docs/platforms.md, Initiate a task. Returns the task's id; null if Pidj did not return it. */
export function initiateTask(
  tools: WriteTools,
  input: InitiateTaskInput,
): Promise<Outcome<{ readonly id: PidjTaskId | null }>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const task: TaskFields = {
      channel: "ticket",
      groupId: checks.optionalId("PidjGroup", PATHS.group_id, input.groupId) ?? undefined,
      subject: checks.optionalText(PATHS.subject, input.subject) ?? undefined,
      topic: checks.optionalText(PATHS.topic, input.topic, { most: LONGEST_TOPIC }) ?? undefined,
      name: checks.optionalText(PATHS.name, input.name) ?? undefined,
      emailAddress: checks.optionalText(PATHS.email_address, input.emailAddress) ?? undefined,
      phoneNumber: checks.optionalText(PATHS.phone_number, input.phoneNumber) ?? undefined,
    };
    const idempotencyKey = checks.idempotencyKey(input.idempotencyKey);
    checks.done();
    return carryOut(tools, {
      mutation: "initiateTask",
      kind: "send",
      idempotencyKey,
      input: task,
      paths: { ...PATHS, NOT_FOUND: task.groupId === undefined ? undefined : PATHS.group_id },
      changes: ["PIDJ"],
      texts: nobody,
      call: (scope) => tools.pidj.initiateTask(task, scope),
      resultIfConfirmed: () => ({ id: null }),
    });
  });
}
