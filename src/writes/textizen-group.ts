import type { TextizenGroupId } from "../ids.ts";
import type { TextizenGroupRecord } from "../textizen/records.ts";
import { carryOut, nobody } from "./carry-out.ts";
import { Checks, type Optional } from "./checks.ts";
import { carryOutCreation, stubOf } from "./created.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";
import { verifyUpdate } from "./verify.ts";

export interface CreateTextizenGroupInput {
  readonly name: string;
  readonly idempotencyKey?: Optional;
}

export interface UpdateTextizenGroupInput {
  readonly id: string;
  readonly name: string;
}

// The name is all that can be written.
const NAME = ["input", "name"];
const PATHS = { name: NAME, INVALID_INPUT: NAME, ALREADY_EXISTS: NAME };
const ID = ["input", "id"];

/** docs/platforms.md, Create a Textizen group. */
export function createTextizenGroup(
  tools: WriteTools,
  input: CreateTextizenGroupInput,
): Promise<Outcome<TextizenGroupRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const group = { name: checks.text(PATHS.name, input.name) };
    const idempotencyKey = checks.idempotencyKey(input.idempotencyKey);
    checks.done();
    return carryOutCreation(tools, {
      mutation: "createTextizenGroup",
      kind: "creation",
      idempotencyKey,
      input: group,
      paths: PATHS,
      changes: ["textizenGroups"],
      texts: nobody,
      call: (scope) => tools.textizen.createGroup(group, scope),
    });
  });
}

/** docs/platforms.md, Update a Textizen group. */
export function updateTextizenGroup(
  tools: WriteTools,
  input: UpdateTextizenGroupInput,
): Promise<Outcome<TextizenGroupRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const id: TextizenGroupId = checks.id("TextizenGroup", ID, input.id);
    const group = { name: checks.text(PATHS.name, input.name) };
    checks.done();
    return carryOut<TextizenGroupRecord>(tools, {
      mutation: "updateTextizenGroup",
      kind: "change",
      idempotencyKey: null,
      input: { id, ...group },
      paths: { ...PATHS, NOT_FOUND: ID },
      changes: ["textizenGroups"],
      texts: nobody,
      call: async (scope) => {
        await tools.textizen.updateGroup(id, group, scope);
        return stubOf(id);
      },
      verify: verifyUpdate(tools.textizen.group, id, group),
    });
  });
}
