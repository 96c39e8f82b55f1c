import { expect, test } from "vitest";
import { createJob, hasEnded, untilJob } from "./jobs.ts";
import { errorsAt, startStage } from "./support.ts";

const checkOf = (stage: { app: { url: string } }, recipients: object, text: string) =>
  createJob(stage.app.url, { recipients, text, isDryRun: true });

test("a Textizen group's members are the rows, each with its name; who is unsubscribed is refused in its turn", async () => {
  await using stage = await startStage({ simulator: { people: 30 } });
  const query =
    "{ textizenGroups(first: 5) { nodes { id participants(first: 50) { nodes { name phoneNumber isSubscribed } } } } }";
  const { nodes } = (await stage.query(query)).data.textizenGroups;
  const [group] = nodes;
  const members: { name: string | null; phoneNumber: string | null; isSubscribed: boolean }[] =
    group.participants.nodes;
  const named = members.filter(({ name, phoneNumber }) => name && phoneNumber);
  const textable = named.filter(({ isSubscribed }) => isSubscribed);
  expect(textable.length).toBeLessThan(named.length);

  const answer = await createJob(stage.app.url, { recipients: { groupId: group.id } });
  expect(errorsAt(answer)).toEqual({});
  const { check, job } = answer.data.createSendJob;
  expect(check).toMatchObject({ rowCount: members.length, acceptedCount: named.length });
  const done = await untilJob(stage.app.url, job.id, hasEnded);

  expect(done.counts).toMatchObject({ accepted: textable.length, refused: members.length - textable.length });
  const texts = stage.simulator.ledger.map(({ input }) => [input["to_number"], input["text_body"]]);
  expect(texts.toSorted()).toEqual(textable.map(({ name, phoneNumber }) => [phoneNumber, `Hello ${name}`]).toSorted());
});

test("who answered a poll are the rows, by the option of their latest answer, each once", async () => {
  await using stage = await startStage({ simulator: { people: 30, polls: 2, responsesPerPoll: 40 } });
  const { polls } = (
    await stage.query(
      "{ polls(first: 1) { nodes { id questions { id options { id } } responses(first: 100) { nodes { from { phoneNumber } question { id } matchedOptions { id } } } } } }",
    )
  ).data;
  const [poll] = polls.nodes;
  const all = (await checkOf(stage, { pollAnswer: { pollId: poll.id } }, "Thanks for {answer}")).data.createSendJob
    .check;
  const counts: number[] = [];
  for (const { id } of poll.questions[0].options) {
    const { check } = (await checkOf(stage, { pollAnswer: { pollId: poll.id, optionId: id } }, "Thanks")).data
      .createSendJob;
    counts.push(check?.acceptedCount ?? 0);
  }
  // Nobody's latest answer chose two options of a question that allows one.
  expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(0);
  expect(counts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(all.acceptedCount);
  expect(Math.max(...counts)).toBeLessThan(all.acceptedCount);
  const people = new Set(
    poll.responses.nodes.map(({ from }: { from: { phoneNumber: string } | null }) => from?.phoneNumber),
  );
  people.delete(undefined);
  expect(all.acceptedCount).toBe(people.size);

  // Whoever has unsubscribed since is refused when the row's turn comes.
  const [left] = [...stage.simulator.world.participants.values()].filter(({ phone_number }) =>
    people.has(`+${phone_number}`),
  );
  if (left !== undefined) {
    for (const { id } of stage.simulator.world.participants.values()) {
      const participant = stage.simulator.world.participants.get(id);
      stage.simulator.world.participants.put({ ...participant, subscribed: id !== left.id } as typeof left);
    }
  }
  const made = await createJob(stage.app.url, {
    recipients: { pollAnswer: { pollId: poll.id } },
    text: "Thanks for {answer}",
  });
  const done = await untilJob(stage.app.url, made.data.createSendJob.job.id, hasEnded);
  expect(done.counts.accepted).toBe(people.size - 1);
  const refused = done.rows.nodes.filter(({ code }: { code: string }) => code === "RECIPIENT_OPTED_OUT");
  expect(refused).toMatchObject([{ recipient: `+${left?.phone_number}`, state: "REFUSED" }]);
});

test.each([
  [{ groupId: "gr:1" }, ["input", "recipients", "groupId"]],
  [{ groupId: "group:999" }, ["input", "recipients", "groupId"]],
  [{ pollAnswer: { pollId: "poll:999" } }, ["input", "recipients", "pollAnswer", "pollId"]],
  [{ pollAnswer: { pollId: "poll:1", optionId: "poll:1" } }, ["input", "recipients", "pollAnswer", "optionId"]],
])("%j is refused with its argument", async (recipients, field) => {
  await using stage = await startStage({ simulator: { people: 6, polls: 1 } });
  const { data } = await checkOf(stage, recipients, "Hello");
  expect(data.createSendJob).toMatchObject({ check: null, userErrors: [{ field }] });
});

test("what was begun of a job that could not be made is not kept", async () => {
  await using stage = await startStage({ simulator: { people: 6 } });
  const answer = await createJob(stage.app.url, { recipients: { groupId: "group:999" } });
  expect(answer.data.createSendJob).toMatchObject({ job: null, userErrors: [{ code: "NOT_FOUND" }] });
  expect(await stage.app.services.jobs.rows.startedBefore(Number.POSITIVE_INFINITY)).toEqual([]);
});
