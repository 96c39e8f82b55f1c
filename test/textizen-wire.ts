import { expect } from "vitest";
import type { JournalEntry } from "../src/simulator/journal.ts";
import type { Answer, Stage } from "./support.ts";

/** One request to Textizen: `PUT /api/groups/72` and its decoded body, the token taken out. */
export type WireCall = readonly [call: string, body: unknown];

/** The requests to Textizen since the last look, sign-ins left out, each seen to be JSON with the account's token. */
export function wireOf({ simulator }: Stage): WireCall[] {
  const entries = simulator.journal.filter(
    ({ platform, path }) => platform === "TEXTIZEN" && !path.includes("sign_in"),
  );
  const calls = entries.map(readEntry);
  simulator.clearJournal();
  return calls;
}

/** Those of them that write. */
export function writesOf(stage: Stage): WireCall[] {
  return wireOf(stage).filter(([call]) => !call.startsWith("GET "));
}

function readEntry({ method, path, headers, json }: JournalEntry): WireCall {
  const { auth_token: token, ...body } = json as Record<string, unknown>;
  expect(headers["content-type"]).toBe("application/json");
  expect(token).toMatch(/^simulated-session-/);
  return [`${method} ${path}`, body];
}

/** The only payload of a mutation that did not fail. */
export function payloadOf({ data, errors }: Answer): Record<string, unknown> {
  expect(errors).toBeUndefined();
  return Object.values(data)[0] as Record<string, unknown>;
}

/** A mutation of one input: `run(stage, "createPoll", "poll { id }", { title: "A" })`. */
export function run(stage: Pick<Stage, "query">, mutation: string, selection: string, input: object): Promise<Answer> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const document = `mutation ($input: ${type}!) {
    ${mutation}(input: $input) { ${selection} userErrors { code field message } }
  }`;
  return stage.query(document, { input });
}
