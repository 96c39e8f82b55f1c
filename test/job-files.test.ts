import { Readable } from "node:stream";
import fetch from "node-fetch";
import { expect, test } from "vitest";
import { receiveRows } from "../src/jobs/upload.ts";
import { createJob, hasEnded, numberAt, untilJob } from "./jobs.ts";
import { type Stage, startStage } from "./support.ts";

async function upload(stage: Stage, body: string | Buffer, type = "text/csv") {
  const response = await fetch(new URL("/jobs", stage.app.url), {
    method: "POST",
    headers: { "content-type": type },
    body,
  });
  return { ...((await response.json()) as { readonly uploadId?: string }), status: response.status };
}

test("a file's rows become a job, and the job's outcomes a file that no spreadsheet takes for formulas", async () => {
  await using stage = await startStage();
  const file = [
    "Phone Number;First name;Note",
    `${numberAt(0)};Ada;"a ""quoted""; note"`,
    `'${numberAt(1)};"Grace\nHopper";x`,
    `${numberAt(2)};=cmd();x`,
    `${numberAt(3)};too;many;cells`,
    "",
    `${numberAt(4)};;x`,
  ].join("\r\n");
  const { uploadId, ...rest } = await upload(stage, `\uFEFF${file}`);
  expect(rest).toEqual({
    status: 200,
    rowCount: 5,
    columns: ["phonenumber", "firstname", "note"],
    placeholders: ["firstname", "note"],
    refusals: [{ row: 4, message: "The row has 4 cells, and the header 3." }],
  });
  const made = await createJob(stage.app.url, { text: "{firstName}", recipients: { uploadId } });
  const { job, check } = made.data.createSendJob;
  expect(check.refusals.map(({ row }: { row: number }) => row)).toEqual([4, 5]);
  await untilJob(stage.app.url, job.id, hasEnded);
  const texts = stage.simulator.ledger.map(({ input }) => input["text_body"]);
  expect(texts.toSorted()).toEqual(["=cmd()", "Ada", "Grace\nHopper"]);

  const results = await fetch(new URL(`/jobs/${job.id}/results.csv`, stage.app.url));
  const lines = (await results.text()).split("\r\n");
  expect(results.headers.get("content-type")).toContain("text/csv");
  expect(lines[0]).toBe("row,recipient,state,code,message,settledAt,text,line,values.firstname,values.note");
  expect(lines[1]).toMatch(/^1,"'\+14155550100",ACCEPTED,,,\d{4}-.*Z,Ada,2,Ada,"a ""quoted""; note"$/);
  expect(lines.find((line) => line.startsWith("3,"))).toMatch(/,"'=cmd\(\)",4,"'=cmd\(\)",x$/);
  expect(lines.find((line) => line.startsWith("5,"))).toContain(",REFUSED,INVALID_INPUT,");
});

test("a text that begins with blanks or with a wide sign is no formula in the file of outcomes either", async () => {
  await using stage = await startStage();
  const TEXT = 6;
  const values = ["=1", "-1", "@a", "\uFF1D1", "a-1"];
  const rows = values.map((value, at) => ({ phoneNumber: numberAt(at), values: [{ name: "name", value }] }));
  const textsOf = async (text: string) => {
    const { job } = (await createJob(stage.app.url, { text, recipients: { rows }, idempotencyKey: text })).data
      .createSendJob;
    const results = await fetch(new URL(`/jobs/${job.id}/results.csv`, stage.app.url));
    const lines = (await results.text()).split("\r\n").slice(1, -1);
    return lines.map((line) => line.split(",").at(TEXT));
  };
  expect(await textsOf("{name}")).toEqual([`"'=1"`, `"'-1"`, `"'@a"`, `"'\uFF1D1"`, "a-1"]);
  expect(await textsOf(" {name}")).toEqual([`"' =1"`, `"' -1"`, `"' @a"`, `"' \uFF1D1"`, " a-1"]);
});

test.each([
  ["UTF-16 with its mark", Buffer.from(`\uFEFFphone\tname\n${numberAt(0)}\tZoë`, "utf16le"), "text/csv"],
  ["windows-1252", Buffer.from(`phone,name\n${numberAt(0)},Zo\xEB`, "latin1"), "text/csv; charset=windows-1252"],
  ["UTF-8", Buffer.from(`phone|name\n${numberAt(0)}|Zoë`), "text/csv"],
  ["Excel's line with the separator", Buffer.from(`\uFEFFsep=;\r\nphone;name\r\n${numberAt(0)};Zoë`), "text/csv"],
  ["a separator of one's own", Buffer.from(`sep=^\nphone^name, first^name\n${numberAt(0)}^x^Zoë`), "text/csv"],
])("%s is read", async (_name, body, type) => {
  await using stage = await startStage();
  const { uploadId } = await upload(stage, body, type);
  const { data } = await createJob(stage.app.url, { recipients: { uploadId }, isDryRun: true });
  expect(data.createSendJob.check.previews[0].preview.text).toBe("Hello Zoë");
});

test("rows end with any line ending, and a column without a name is nobody's field", async () => {
  await using stage = await startStage();
  const body = `phone,name,\r\n${numberAt(0)},Ada,\n${numberAt(1)},Grace,\r${numberAt(2)},Jean,`;
  const { uploadId, ...rest } = await upload(stage, body);
  expect(rest).toMatchObject({ rowCount: 3, placeholders: ["name"], refusals: [] });
  const { data } = await stage.query(
    `mutation ($id: ID!) {
      createImportJob(input: { target: PARTICIPANTS, rows: { uploadId: $id }, isDryRun: true, idempotencyKey: "x" }) {
        check { acceptedCount refusals { message } }
      }
    }`,
    { id: uploadId },
  );
  expect(data.createImportJob.check).toEqual({ acceptedCount: 3, refusals: [] });
});

test("a row is named by its line as spreadsheets count them; a file of numbers alone needs no header", async () => {
  await using stage = await startStage();
  const file = `Phone,Name,Unit\n\n,,\n${numberAt(0)},"Ada\nLovelace",4\n(415) 555-0100,Twice,5`;
  const check = async (body: string, type: string) => {
    const { uploadId } = await upload(stage, body, type);
    const input = { target: "PARTICIPANTS", rows: { uploadId }, region: "us", isDryRun: true, idempotencyKey: "x" };
    const { data } = await stage.query(
      `mutation ($input: CreateImportJobInput!) {
        createImportJob(input: $input) { check { refusals { row line message values { name value } } } }
      }`,
      { input },
    );
    return data.createImportJob.check.refusals;
  };
  expect(await check(file, "text/csv")).toMatchObject([
    { row: 1, line: 4, message: "unit is no field of what is imported: name." },
    { row: 2, line: 5, values: [{ value: "Twice" }, { name: "unit", value: "5" }] },
  ]);
  const numbers = `\n${numberAt(0)}\n(415) 555-0100`;
  const { uploadId } = await upload(stage, numbers, "text/csv; header=absent");
  const input = { text: "Hello", recipients: { uploadId }, region: "US" };
  const { job } = (await createJob(stage.app.url, input)).data.createSendJob;
  const { data } = await stage.query(
    "query ($id: ID!) { job(id: $id) { rows(first: 2) { nodes { line message } } } }",
    job,
  );
  expect(data.job.rows.nodes[1]).toEqual({ line: 3, message: "Line 2 has the same number." });
  const { userErrors } = (await createJob(stage.app.url, { ...input, region: "USA" })).data.createSendJob;
  expect(userErrors).toMatchObject([{ code: "INVALID_INPUT", field: ["input", "region"] }]);
});

test("a file that comes byte by byte is read like any other", async () => {
  await using stage = await startStage();
  const file = Buffer.from(`\uFEFFphone\tname\r\n${numberAt(0)}\tZoë 😀\r\n`, "utf16le");
  const { jobs } = stage.app.services;
  const bytes = Readable.from([...file].map((byte) => Buffer.from([byte])));
  const { uploadId } = await receiveRows(stage.app.services, bytes, "text/csv");
  expect(await jobs.rows.get(uploadId, [1, 2])).toMatchObject([{ to: numberAt(0), values: { name: "Zoë 😀" } }, null]);
});

test("a file whose rows are deleted while a job is made of it makes no shorter job", async () => {
  await using stage = await startStage();
  const { uploadId = "" } = await upload(stage, `phone,name\n${numberAt(0)},Ada\n${numberAt(1)},Grace\n`);
  const { jobs } = stage.app.services;
  const record = await jobs.rows.find(uploadId);
  await jobs.rows.delete(uploadId);
  await jobs.rows.write(uploadId, [{ number: 2, to: numberAt(1), values: { name: "Grace" } }]);
  await jobs.rows.finish(uploadId, record ?? { createdAt: 0, rowCount: 0 });
  const made = (await createJob(stage.app.url, { recipients: { uploadId } })).data.createSendJob;
  expect([made.job, made.userErrors]).toMatchObject([
    null,
    [{ code: "NOT_FOUND", field: ["input", "recipients", "uploadId"] }],
  ]);
});

test.each([
  ["no column of numbers", "name\nAda", "one of them phoneNumber or contactId"],
  ["two columns of one name", "phone,Name,name\n1,2,3", "same name"],
  ["no rows", "phone,name\n", "no rows after the header"],
  ["an open quote", `phone,name\n${numberAt(0)},"Ada`, "Row 1 after the header"],
  ["a quote far below", `phone,name\n${`${numberAt(0)},Ada\n`.repeat(299)}${numberAt(0)},A "b" c\n`, "Row 300 after"],
  ["a quote in the header", 'phone,na "b" me\n1,2', "The header cannot be read"],
  ["another charset", Buffer.from("phone,name\n1,Zo\xEB", "latin1"), "not utf-8"],
  ["too many rows", `phone\n${"1\n".repeat(100_001)}`, "more than 100,000 rows"],
])("a file with %s is refused with the reason, and nothing of it is kept", async (_name, body, reason) => {
  await using stage = await startStage();
  const answer = await upload(stage, body);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer)).toContain(reason);
  expect(await stage.app.services.jobs.rows.startedBefore(Number.POSITIVE_INFINITY)).toEqual([]);
});

test("another content type and an unknown job are refused", async () => {
  await using stage = await startStage();
  expect((await upload(stage, "{}", "application/json")).status).toBe(415);
  expect((await fetch(new URL("/jobs/job:none/results.csv", stage.app.url))).status).toBe(404);
});
