import { describe, expect, test } from "vitest";
import { LARGE_BYTES } from "../src/rest/large-json.ts";
import { SUCCESS, serve as servePidj } from "./pidj-upstream.ts";
import { serve } from "./textizen-upstream.ts";
import { createScope, failureOf } from "./upstream.ts";

const GROUPS = JSON.stringify([{ id: 1, name: "Grüße €" }]);
const LARGE = JSON.stringify([{ id: 1, name: "Grüße €", more: "é".repeat(LARGE_BYTES) }]);

function answering(body: string | Buffer, type: string | null, status = 200) {
  return serve((_request, response) => {
    response.writeHead(status, type === null ? {} : { "content-type": type }).end(body);
  });
}

describe("an answer is read", () => {
  test.each<[what: string, body: string | Buffer, type: string | null]>([
    ["as JSON", GROUPS, "application/json"],
    ["without a type", GROUPS, null],
    ["as HTML that is JSON", GROUPS, "text/html; charset=utf-8"],
    ["as plain text that is JSON", ` ${GROUPS}\n`, "text/plain"],
    ["after a mark", `\ufeff${GROUPS}`, "application/json"],
    ["in UTF-16", Buffer.from(GROUPS, "utf16le"), "application/json; charset=utf-16le"],
    ["in UTF-16 by its mark", Buffer.from(`\ufeff${GROUPS}`, "utf16le"), "application/json"],
    ["in a charset nobody knows", GROUPS, "application/json; charset=klingon"],
    ["large, after a mark", `\ufeff${LARGE}`, "application/json"],
    ["large, in UTF-16", Buffer.from(LARGE, "utf16le"), "text/json; charset=utf-16"],
  ])("%s", async (_what, body, type) => {
    await using upstream = await answering(body, type);
    const { rows } = await upstream.client.groups(createScope());
    expect(rows).toMatchObject([{ id: "group:1", name: "Grüße €" }]);
  });

  test("in ISO 8859-1", async () => {
    const body = Buffer.from(JSON.stringify([{ id: 1, name: "Grüße" }]), "latin1");
    await using upstream = await answering(body, "application/json; charset=ISO-8859-1");
    expect((await upstream.client.groups(createScope())).rows).toMatchObject([{ name: "Grüße" }]);
  });
});

test.each<[body: string, type: string]>([
  ["<html>{}</html>", "text/html"],
  ["<html>{}</html>", "application/json"],
  ['"signed out"', "text/html"],
  ["1", "text/plain"],
  ["null", "text/plain"],
  ["OK", "text/plain"],
])("%s as %s is no answer", async (body, type) => {
  await using upstream = await answering(body, type);
  expect(await failureOf(upstream.client.groups(createScope()))).toMatchObject({ reason: "shape" });
});

test("Pidj's success counts under any type, and JSON that is not in its form under none", async () => {
  for (const type of ["text/html", "application/json"]) {
    await using upstream = await servePidj({ ...SUCCESS, groups: [] }, 200, type);
    expect(await upstream.client.groups(createScope())).toEqual({ rows: [], skipped: 0 });
    await using foreign = await servePidj({ service: "inventory", groups: [] }, 200, type);
    expect(await failureOf(foreign.client.groups(createScope()))).toMatchObject({ reason: "shape" });
  }
});
