import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSubscriber } from "./subscribers.ts";
import { type Stage, startStage } from "./support.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ simulator: { people: 1, polls: 0 } });
});
afterAll(() => stage[Symbol.asyncDispose]());

const UPDATE = "mutation ($data: UpdateMailingInput!) { updateMailing(input: $data) { userErrors { code } } }";
const PEOPLE = "query ($list: [PhoneNumber!]!) { people(phoneNumbers: $list) { id } }";

describe("a malformed value names the path of its argument, not of its variable", () => {
  const variables: [name: string, document: string, values: object, path: (string[] | undefined)[]][] = [
    ["in a list", PEOPLE, { list: ["+14155551212", "+0"] }, [["phoneNumbers", "1"]]],
    [
      "two in a list",
      PEOPLE,
      { list: ["12", "+14155551212", 5] },
      [
        ["phoneNumbers", "0"],
        ["phoneNumbers", "2"],
      ],
    ],
    ["that is missing", PEOPLE, {}, [["phoneNumbers"]]],
    ["that is null", PEOPLE, { list: null }, [["phoneNumbers"]]],
    [
      "in an input",
      UPDATE,
      { data: { id: "mailing:1", phoneNumbers: ["+14155551212", "x"] } },
      [["input", "phoneNumbers", "1"]],
    ],
    [
      "that is one field of an input",
      'mutation ($to: [PhoneNumber!]!) { updateMailing(input: { id: "mailing:1", phoneNumbers: $to }) { userErrors { code } } }',
      { to: ["x"] },
      [["input", "phoneNumbers", "0"]],
    ],
    [
      "that is one item of a list",
      'query ($one: PhoneNumber!) { people(phoneNumbers: ["+14155551212", $one]) { id } }',
      { one: "x" },
      [["phoneNumbers", "1"]],
    ],
    [
      "in a fragment",
      "query ($n: PhoneNumber!) { ...P } fragment P on Query { person(phoneNumber: $n) { id } }",
      { n: "x" },
      [["phoneNumber"]],
    ],
  ];
  test.each(variables)("by variable, %s", async (_name, document, values, paths) => {
    const answer = await stage.query(document, values);
    expect(answer.status).toBe(400);
    expect(answer.errors?.map(({ extensions }) => extensions)).toEqual(
      paths.map((argument) => ({ code: "BAD_USER_INPUT", retryable: false, argument })),
    );
  });

  const literals: [name: string, document: string, path: string[]][] = [
    ["alone", `{ person(phoneNumber: "415") { id } }`, ["phoneNumber"]],
    ["of another kind", "{ person(phoneNumber: 14155551212) { id } }", ["phoneNumber"]],
    ["in a list", `{ people(phoneNumbers: ["+14155551212", "415"]) { id } }`, ["phoneNumbers", "1"]],
    [
      "in an input",
      `mutation { updateMailing(input: { id: "mailing:1", phoneNumbers: ["+14155551212", "x"] }) { userErrors { code } } }`,
      ["input", "phoneNumbers", "1"],
    ],
    [
      "as a variable's default",
      `query ($n: [PhoneNumber!]! = ["+14155551212", "x"]) { people(phoneNumbers: $n) { id } }`,
      ["phoneNumbers", "1"],
    ],
  ];
  test.each(literals)("by literal, %s", async (_name, document, argument) => {
    const answer = await stage.query(document);
    expect(answer.status).toBe(400);
    expect(answer.errors?.[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", retryable: false, argument });
  });

  test.each(["WebSocket", "server-sent events"] as const)("over %s too", async (transport) => {
    await using client = openSubscriber(stage.app.url, transport);
    const { errors } = await client.subscribe(PEOPLE, { list: ["x"] }).next();
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", argument: ["phoneNumbers", "0"] } }]);
  });

  test("a resolver's own argument is a path too", async () => {
    const { errors } = await stage.query(`{ nodes(ids: ["poll:1", "nothing"]) { id } }`);
    expect(errors?.find(({ path }) => path?.[1] === 1)?.extensions["argument"]).toEqual(["ids", "1"]);
  });
});

describe("sendAt", () => {
  const MOVE =
    'mutation ($at: DateTime!) { updateMailing(input: { id: "mailing:1", sendAt: $at }) { userErrors { code } } }';

  test.each(["2030-01-01T09:00:00", "2030-01-01 09:00:00", "2030-01-01"])(
    "without an offset (%s) is told that the offset is missing",
    async (at) => {
      for (const answer of [
        await stage.query(MOVE, { at }),
        await stage.query(MOVE.replace("($at: DateTime!)", "").replace("$at", JSON.stringify(at))),
      ]) {
        expect(answer.status).toBe(400);
        expect(answer.errors?.[0]).toMatchObject({
          message: expect.stringContaining("DateTime lacks its offset from UTC"),
          extensions: { code: "BAD_USER_INPUT", argument: ["input", "sendAt"] },
        });
      }
    },
  );

  test.each(["soon", "2030-02-30T09:00:00Z", "", 5])(
    "that is no moment (%j) is told what one looks like",
    async (at) => {
      const { errors } = await stage.query(MOVE, { at });
      expect(errors?.[0]?.message).toContain("DateTime must be a moment as RFC 3339 writes it");
    },
  );
});
