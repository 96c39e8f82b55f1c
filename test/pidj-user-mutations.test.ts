import { describe, expect, test } from "vitest";
import { pidjCallsOf, pidjWritesOf } from "./pidj-wire.ts";
import { one } from "./simulator-client.ts";
import { errorsAt, type StageOptions, startStage } from "./support.ts";
import { payloadOf, run } from "./textizen-wire.ts";

const start = (options: StageOptions = {}) =>
  startStage({ ...options, simulator: { people: 3, polls: 1, ...options.simulator } });

const NEW = { username: "jane", password: "p&w + 1" };

describe("createPidjUser", () => {
  test("creates, with lists joined by pipes, and reads back only where more than the id is asked for", async () => {
    await using stage = await start();
    const [first, second] = [...stage.simulator.world.pidjGroups.keys()];
    const input = { ...NEW, roles: ["ADMIN", "AGENT"], groupIds: [first, second], timezone: "US/Pacific" };
    const form = { ...NEW, roles: "admin|agent", groups: `${first}|${second}`, timezone: "US/Pacific" };
    expect(payloadOf(await run(stage, "createPidjUser", "user { id }", input))).toEqual({
      user: { id: expect.stringMatching(/^us:/) },
      userErrors: [],
    });
    expect(pidjCallsOf(stage)).toEqual([["POST /user", form]]);
    const other = { ...input, username: "joan" };
    expect(payloadOf(await run(stage, "createPidjUser", "user { username roles }", other))).toEqual({
      user: { username: "joan", roles: ["admin", "agent"] },
      userErrors: [],
    });
    expect(pidjCallsOf(stage)).toHaveLength(2);
  });

  test("is carried out once for a key, whose record holds no password", async () => {
    await using stage = await start();
    const input = { ...NEW, idempotencyKey: "k" };
    const first = payloadOf(await run(stage, "createPidjUser", "user { id username }", input));
    expect(payloadOf(await run(stage, "createPidjUser", "user { id username }", input))).toEqual(first);
    expect(pidjWritesOf(stage)).toHaveLength(1);
    expect(JSON.stringify(await stage.app.services.attempts.find("k"))).not.toContain(NEW.password);
    const other = { ...input, password: "another" };
    expect(payloadOf(await run(stage, "createPidjUser", "user { id }", other))).toMatchObject({
      user: null,
      userErrors: [{ code: "IDEMPOTENCY_KEY_REUSED" }],
    });
  });

  test("refuses a user name that is taken, in either way of saying no", async () => {
    for (const pidjFailures of ["http-status", "http-200"] as const) {
      await using stage = await start({ simulator: { shapes: { pidjFailures } } });
      const { username } = one(stage.simulator.world.pidjUsers);
      expect(payloadOf(await run(stage, "createPidjUser", "user { id }", { ...NEW, username }))).toMatchObject({
        user: null,
        userErrors: [{ code: "ALREADY_EXISTS", field: ["input", "username"] }],
      });
    }
  });
});

describe("updatePidjUser", () => {
  test("changes what is given, and shows it", async () => {
    await using stage = await start();
    const { id } = one(stage.simulator.world.pidjUsers);
    const input = { id, firstName: "Jane", externalId: null, roles: [] };
    expect(payloadOf(await run(stage, "updatePidjUser", "user { firstName externalId roles }", input))).toEqual({
      user: { firstName: "Jane", externalId: null, roles: [] },
      userErrors: [],
    });
    expect(pidjCallsOf(stage)).toEqual([
      [`PUT /user/${id}`, { first_name: "Jane", external_id: "", roles: "" }],
      [`GET /user/${id}`, null],
    ]);
  });

  test("is accepted where the user cannot be read back", async () => {
    await using stage = await start();
    const { id } = one(stage.simulator.world.pidjUsers);
    stage.simulator.fault({ platform: "PIDJ", route: "GET /user/{id}", kind: "html-200" });
    const answer = await run(stage, "updatePidjUser", "user { id firstName }", { id, firstName: "Jane" });
    expect(answer.data.updatePidjUser).toEqual({ user: { id, firstName: null }, userErrors: [] });
    expect(errorsAt(answer)).toEqual({ "updatePidjUser.user.firstName": "PLATFORM_BAD_RESPONSE" });
  });
});

test("a user goes, and comes back", async () => {
  await using stage = await start();
  const { id, username } = one(stage.simulator.world.pidjUsers);
  expect(payloadOf(await run(stage, "deletePidjUser", "deletedId", { id }))).toEqual({ deletedId: id, userErrors: [] });
  expect((await stage.query(`{ pidjUser(id: "${id}") { username } }`)).data).toEqual({ pidjUser: null });
  expect(payloadOf(await run(stage, "deletePidjUser", "deletedId", { id }))).toMatchObject({
    deletedId: null,
    userErrors: [{ code: "NOT_FOUND", field: ["input", "id"] }],
  });
  expect(payloadOf(await run(stage, "recoverPidjUser", "user { username }", { id }))).toEqual({
    user: { username },
    userErrors: [],
  });
  expect(pidjWritesOf(stage)).toEqual([
    [`DELETE /user/${id}`, null],
    [`DELETE /user/${id}`, null],
    [`PUT /user/${id}/recover`, null],
  ]);
});

describe("pausing", () => {
  test.each([
    ["pausePidjUser", "pause", true],
    ["unpausePidjUser", "unpause", false],
  ])("%s says what Pidj says, and reads the user only where it is asked for", async (mutation, path, isPaused) => {
    await using stage = await start();
    const { id, username } = one(stage.simulator.world.pidjUsers);
    expect(payloadOf(await run(stage, mutation, "isPaused user { id }", { id }))).toEqual({
      isPaused,
      user: { id },
      userErrors: [],
    });
    expect(pidjCallsOf(stage)).toEqual([[`POST /user/${id}/${path}`, null]]);
    expect(payloadOf(await run(stage, mutation, "user { username }", { id }))).toMatchObject({ user: { username } });
    expect(pidjCallsOf(stage)).toHaveLength(2);
  });

  test("a user who is unpaused and reported paused, as the sample has it, is passed on so", async () => {
    await using stage = await start({ simulator: { shapes: { unpauseAnswer: "true" } } });
    const { id } = one(stage.simulator.world.pidjUsers);
    expect(payloadOf(await run(stage, "unpausePidjUser", "isPaused", { id }))).toEqual({
      isPaused: true,
      userErrors: [],
    });
  });

  test("a user who is not there cannot be paused", async () => {
    await using stage = await start();
    expect(payloadOf(await run(stage, "pausePidjUser", "isPaused user { id }", { id: "us:none" }))).toMatchObject({
      isPaused: null,
      user: null,
      userErrors: [{ code: "NOT_FOUND", field: ["input", "id"] }],
    });
  });
});

describe("createSsoUrl", () => {
  const next = "https://example.com/?a=~~&ü";

  test("signs in by either id, wraps the target in Base64, and ends after a minute", async () => {
    await using stage = await start();
    const { id, external_id: externalId } = one(stage.simulator.world.pidjUsers);
    const before = Date.now();
    const payload = payloadOf(await run(stage, "createSsoUrl", "url expiresAt", { user: { id }, next }));
    expect(payload).toMatchObject({ url: expect.stringMatching(/^https:\/\/gopidj\.com\/sso\//), userErrors: [] });
    const expiresAt = Date.parse(String(payload["expiresAt"]));
    expect(expiresAt).toBeGreaterThanOrEqual(before + 60_000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 60_000);
    await run(stage, "createSsoUrl", "url", { user: { externalId }, next: null });
    expect(pidjCallsOf(stage)).toEqual([
      ["POST /sso/url", { user_uuid: id, next: Buffer.from(new URL(next).href).toString("base64") }],
      ["POST /sso/url", { external_id: externalId }],
    ]);
  });

  // Each text has another host, or another address, for one parser or another.
  test.each([
    ["https://example.com\\@evil.example/", "https://example.com/@evil.example/"],
    ["https:\\\\example.com\\.evil.example", "https://example.com/.evil.example"],
    ["https://exam\tple.com/a\n", "https://example.com/a"],
    ["https:example.com/a", "https://example.com/a"],
    ["HTTPS://EXAMPLE.COM:443/a/../b", "https://example.com/b"],
    ["https://@example.com/", "https://example.com/"],
    ["https://ｅxample.com/é", "https://example.com/%C3%A9"],
  ])("sends the target as it was checked: %j", async (target, checked) => {
    await using stage = await start();
    const { id } = one(stage.simulator.world.pidjUsers);
    expect(payloadOf(await run(stage, "createSsoUrl", "url", { user: { id }, next: target }))).toMatchObject({
      userErrors: [],
    });
    expect(pidjCallsOf(stage)).toEqual([
      ["POST /sso/url", { user_uuid: id, next: Buffer.from(checked).toString("base64") }],
    ]);
  });

  test("returns the URL as it was checked", async () => {
    await using stage = await start();
    const { id } = one(stage.simulator.world.pidjUsers);
    const rewrite = (answer: unknown) => ({ ...(answer as object), url: "https:\\\\gopidj.com\\sso/e\tyJ" });
    stage.simulator.fault({ platform: "PIDJ", route: "POST /sso/url", kind: "rewrite", rewrite });
    expect(payloadOf(await run(stage, "createSsoUrl", "url", { user: { id } }))).toMatchObject({
      url: "https://gopidj.com/sso/eyJ",
    });
  });

  test("makes a new URL every time, equal fields of one operation and equal operations included", async () => {
    await using stage = await start();
    const { id } = one(stage.simulator.world.pidjUsers);
    const field = `createSsoUrl(input: { user: { id: "${id}" } }) { url }`;
    const operation = `mutation { a: ${field} b: ${field} }`;
    await Promise.all([stage.query(operation), stage.query(operation)]);
    expect(pidjWritesOf(stage)).toHaveLength(4);
  });

  test("is never repeated: the first URL may be somewhere", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", route: "POST /sso/url", kind: "reset-after-request", times: 1 });
    const { id } = one(stage.simulator.world.pidjUsers);
    expect(payloadOf(await run(stage, "createSsoUrl", "url expiresAt", { user: { id } }))).toMatchObject({
      url: null,
      expiresAt: null,
      userErrors: [{ code: "OUTCOME_UNKNOWN" }],
    });
    expect(pidjWritesOf(stage)).toHaveLength(1);
  });

  test("gives no URL that is none, or that runs a script", async () => {
    await using stage = await start();
    const { id } = one(stage.simulator.world.pidjUsers);
    for (const url of ["not a url", "javascript:alert(1)", ""]) {
      const rewrite = (answer: unknown) => ({ ...(answer as object), url });
      const end = stage.simulator.fault({ platform: "PIDJ", route: "POST /sso/url", kind: "rewrite", rewrite });
      const payload = payloadOf(await run(stage, "createSsoUrl", "url", { user: { id } }));
      expect(payload).toMatchObject({ url: null, userErrors: [{ code: "OUTCOME_UNKNOWN" }] });
      end();
    }
  });

  test("leads nowhere but to the web, and for nobody but one user", async () => {
    await using stage = await start();
    const refused = async (input: object) => payloadOf(await run(stage, "createSsoUrl", "url", input));
    const elsewhere = [
      "https://evil.example/",
      "https://example.com.evil.example/",
      "https://jane:secret@example.com/",
    ];
    for (const target of ["javascript:alert(1)", "ftp://example.com/", "data:text/html,x", ...elsewhere]) {
      expect(await refused({ user: { id: "us:1" }, next: target })).toMatchObject({
        userErrors: [{ code: "INVALID_INPUT", field: ["input", "next"] }],
      });
    }
    expect(await refused({ user: { id: "co:1" } })).toMatchObject({
      userErrors: [{ code: "INVALID_INPUT", field: ["input", "user", "id"] }],
    });
    expect(await refused({ user: { externalId: "" } })).toMatchObject({
      userErrors: [{ code: "INVALID_INPUT", field: ["input", "user", "externalId"] }],
    });
    const { errors } = await run(stage, "createSsoUrl", "url", { user: { id: "us:1", externalId: "x" } });
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
    expect(pidjCallsOf(stage)).toEqual([]);
    expect(await refused({ user: { externalId: "nobody" } })).toMatchObject({ userErrors: [{ code: "NOT_FOUND" }] });
  });
});
