import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { startStage } from "./support.ts";

const VIEWER = "{ viewer { id scopes region } }";

test("a caller is told its name and scopes, for no platform call, and nobody is told without a credential", async () => {
  const folder = mkdtempSync(join(tmpdir(), "viewer-"));
  const path = join(folder, "keys.json");
  const limits = { expires: null, callsPerMinute: null, recipientsPerMinute: null };
  const key = addApiKey(path, { name: "desk", scopes: ["polls:read", "messages:send"], ...limits });
  await using stage = await startStage({
    simulator: { people: 2 },
    env: { API_KEYS_FILE: path, DEFAULT_REGION: "GB" },
  });

  const { data } = await stage.query(VIEWER, {}, { "x-api-key": key });

  expect(data).toEqual({ viewer: { id: "key:desk", scopes: ["messages:send", "polls:read"], region: "GB" } });
  expect(await stage.query(VIEWER)).toMatchObject({ status: 401 });
  expect(stage.calls()).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("while authentication is off, everybody may do everything", async () => {
  await using stage = await startStage({ simulator: { people: 2 } });

  const { data } = await stage.query(VIEWER);

  expect(data.viewer.id).toBe("anonymous");
  expect(data.viewer.scopes).toEqual(expect.arrayContaining(["messages:send", "users:admin", "platform:status"]));
});
