import { expect, test } from "vitest";
import { createJob } from "./jobs.ts";
import { send } from "./sends.ts";
import { errorsAt, type Stage, startStage } from "./support.ts";

const groupsOf = ({ simulator: { world } }: Stage) => [...world.pidjGroups.values()];

test("a sender from which nothing can be sent is refused with the check, as each text would be", async () => {
  await using stage = await startStage();
  const mute = groupsOf(stage)[1];
  if (mute !== undefined) {
    stage.simulator.world.pidjGroups.put({ ...mute, phone_number: null });
  }
  const senders = [{ phoneNumber: "+12125550199" }, { groupId: "gr:none" }, { groupId: mute?.id }];
  const codes = [];
  for (const [at, from] of senders.entries()) {
    const { userErrors } = (await send(stage.app.url, `text ${at}`, { from })).data.sendMessage;
    for (const isDryRun of [true, false]) {
      const made = (await createJob(stage.app.url, { from, isDryRun })).data.createSendJob;
      expect([made.job, made.check]).toEqual([null, null]);
      const shown = (errors: readonly object[]) => errors.map((error) => ({ ...error, message: "" }));
      expect(shown(made.userErrors)).toEqual(shown(userErrors));
      codes.push(made.userErrors[0]?.code);
    }
  }
  expect([...new Set(codes)]).toEqual(["INVALID_INPUT", "NOT_FOUND", "GROUP_CANNOT_SEND"]);
});

test("the list of groups is read once, and not at all for a job that was made before", async () => {
  let clock = 0;
  await using stage = await startStage({ app: { clock: () => clock } });
  const [group] = groupsOf(stage);
  const made = () => createJob(stage.app.url, { from: { groupId: group?.id }, recipients: { rows: [{}] } });
  await made();
  expect(stage.calls()).toEqual(["PIDJ GET /groups"]);
  await createJob(stage.app.url);
  clock = 3_600_000;
  expect((await createJob(stage.app.url)).data.createSendJob.isReplay).toBe(true);
  expect(stage.calls()).not.toContain("PIDJ GET /groups");
});

test("while Pidj takes no calls, a job fails as other mutations do", async () => {
  await using stage = await startStage();
  stage.simulator.fault({ platform: "PIDJ", kind: "status", status: 500 });
  expect(errorsAt(await createJob(stage.app.url))).toEqual({ createSendJob: "PLATFORM_UNAVAILABLE" });
});

test("a number that Pidj writes in another form may be the sender's", async () => {
  await using stage = await startStage();
  for (const group of groupsOf(stage)) {
    stage.simulator.world.pidjGroups.put({ ...group, phone_number: "888 555 2000 x1" });
  }
  expect((await createJob(stage.app.url, { isDryRun: true })).data.createSendJob.userErrors).toEqual([]);
});
