import { expect } from "vitest";
import type { JournalEntry } from "../src/simulator/journal.ts";
import type { Stage } from "./support.ts";

/** One request to Pidj: `PUT /contact/co:1` and its decoded form, null where it has none. */
type PidjCall = readonly [call: string, form: Readonly<Record<string, string>> | null];

/** The requests to Pidj since the last look, each seen to carry the account's credentials and a form that says so. */
export function pidjCallsOf({ simulator }: Stage): PidjCall[] {
  const { accountKey, token } = simulator.pidj;
  const credentials = `Basic ${Buffer.from(`${accountKey}:${token}`).toString("base64")}`;
  const calls = simulator.journal
    .filter(({ platform }) => platform === "PIDJ")
    .map((entry) => readEntry(entry, credentials));
  simulator.clearJournal();
  return calls;
}

/** Those of them that write. */
export function pidjWritesOf(stage: Stage): PidjCall[] {
  return pidjCallsOf(stage).filter(([call]) => !call.startsWith("GET "));
}

function readEntry({ method, path, headers, body, form }: JournalEntry, credentials: string): PidjCall {
  expect(headers.authorization).toBe(credentials);
  expect(headers.accept).toBe("application/json");
  if (body !== "") {
    expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(body, "a bare plus is a space").not.toMatch(/=\+1/);
  }
  return [`${method} ${decodeURIComponent(path.replace(/^\/api\/2020/, ""))}`, form ?? null];
}
