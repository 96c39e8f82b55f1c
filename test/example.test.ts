import { execFile } from "node:child_process";
import { expect, test } from "vitest";
import { startStage } from "./support.ts";

const root = new URL("..", import.meta.url);
// Codegen, the compiler and the program, each a process of its own.
const TIMEOUT_MS = 40_000;

/** What `npm run example` prints; rejects with it where it fails. */
function runExample(url: string): Promise<string> {
  const options = { cwd: root, env: { ...process.env, TEXTGRAPH_URL: url }, timeout: TIMEOUT_MS };
  return new Promise((resolve, reject) => {
    execFile("npm", ["run", "example"], options, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${stdout}${stderr}`)),
    );
  });
}

test("the example makes its types from the schema file and runs against a graph that it starts", {
  timeout: TIMEOUT_MS,
}, async () => {
  const output = await runExample("");

  expect(output).toMatch(/^Asking http:\/\/127\.0\.0\.1:\d+\/graphql$/m);
  expect(output).toMatch(/^ {2}PIDJ: authorized$/m);
  expect(output).toMatch(/^ {2}TEXTIZEN: authorized$/m);
  // Four pages of participants, for one list call.
  const pages = [...output.matchAll(/^ {2}50 of 200, \d+ with a known contact \(platform calls: (\d+)\)$/gm)];
  expect(pages.map(([, calls]) => calls)).toEqual(["1", "0", "0", "0"]);
  expect(output).toMatch(/^Person \+1\d{10} \(platform calls: 3\)\n {2}.+: LINKED, IMPORTED$/m);
  expect(output).toMatch(/^ {2}Pidj: co:\S+, \S+@\S+, tags .+\n {2}Textizen: participant:\d+$/m);
  expect(output).toContain('data: {"unknown":null,"wrong":null}\n  BAD_USER_INPUT at wrong: ');
});

test("the example asks the graph that TEXTGRAPH_URL names", { timeout: TIMEOUT_MS }, async () => {
  await using stage = await startStage({ simulator: { people: 30, polls: 1, responsesPerPoll: 3 } });

  const output = await runExample(stage.app.url);

  expect(output).toContain(`Asking ${stage.app.url}\n`);
  expect(stage.calls()).toEqual(
    expect.arrayContaining([
      "PIDJ GET /authorization-check",
      "TEXTIZEN GET /api/user",
      "TEXTIZEN GET /api/participants",
    ]),
  );
});
