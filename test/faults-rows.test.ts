import { describe, expect, test } from "vitest";
import type { PlatformName } from "../src/simulator/journal.ts";
import type { SimulatorOptions } from "../src/simulator/simulator.ts";
import { errorsAt, leaksOf, type Stage, startStage } from "./support.ts";

const SMALL: SimulatorOptions = { people: 9, polls: 2, responsesPerPoll: 6 };
const BAD = "PLATFORM_BAD_RESPONSE";

type Row = Record<string, unknown>;

/** Spoils a list's rows: `spoil` gives a row's replacement, and its place. */
function spoilRows(
  stage: Stage,
  platform: PlatformName,
  route: string,
  spoil: (row: Row, at: number) => unknown,
): void {
  const rewrite = (json: unknown) => {
    if (Array.isArray(json)) {
      return json.map(spoil);
    }
    const entries = Object.entries(json as Row);
    return Object.fromEntries(entries.map(([key, value]) => [key, Array.isArray(value) ? value.map(spoil) : value]));
  };
  stage.simulator.fault({ platform, route, kind: "rewrite", rewrite });
}

/** Spoils the record of a read by id, which Pidj wraps. */
function spoilRecord(stage: Stage, platform: PlatformName, route: string, change: Row): void {
  const rewrite = (json: unknown) => {
    const record = json as Row;
    const key = ["contact", "user"].find((name) => name in record);
    return key === undefined ? { ...record, ...change } : { ...record, [key]: { ...(record[key] as Row), ...change } };
  };
  stage.simulator.fault({ platform, route, kind: "rewrite", rewrite });
}

describe("a row without a usable id", () => {
  const lists: [platform: PlatformName, route: string, id: string, field: string][] = [
    ["PIDJ", "GET /groups", "group_id", "pidjGroups"],
    ["PIDJ", "GET /series", "series_id", "seriesList"],
    ["PIDJ", "GET /surveys", "survey_id", "surveys"],
    ["TEXTIZEN", "GET /api/groups", "id", "textizenGroups"],
    ["TEXTIZEN", "GET /api/campaigns", "id", "campaigns"],
    ["TEXTIZEN", "GET /api/participants", "id", "participants"],
    ["TEXTIZEN", "GET /api/polls", "id", "polls"],
  ];

  test.each(lists)("%s %s: is left out and counted, the others are served", async (platform, route, id, field) => {
    await using stage = await startStage({
      simulator: { ...SMALL, polls: 4, campaigns: 4 },
      env: { SNAPSHOT_SECONDS: "0" },
    });
    const document = `{ ${field} { totalCount nodes { id } } }`;
    const whole = (await stage.query(document)).data[field];
    const unusable = [undefined, null, {}];
    spoilRows(stage, platform, route, (row, at) => (at < unusable.length ? { ...row, [id]: unusable[at] } : row));
    const { data, errors, extensions } = await stage.query(document);
    expect(errors).toBeUndefined();
    expect(data[field].totalCount).toBe(whole.totalCount - 3);
    expect(whole.nodes).toEqual(expect.arrayContaining(data[field].nodes));
    expect(extensions.platforms).toMatchObject([{ platform, route, status: 200, skippedRows: 3 }]);
  });

  test.each([[42], ["row"], [null], [[]]])("is left out where the row is %j", async (row) => {
    await using stage = await startStage({ simulator: SMALL });
    spoilRows(stage, "TEXTIZEN", "GET /api/participants", (good, at) => (at === 1 ? row : good));
    const { data, errors } = await stage.query("{ participants { totalCount } }");
    expect(errors).toBeUndefined();
    expect(data.participants.totalCount).toBe(stage.simulator.world.participants.size - 1);
  });

  test("is left out and counted among a poll's responses", async () => {
    await using stage = await startStage({ simulator: SMALL });
    const { simulator } = stage;
    const [poll] = simulator.world.polls.values();
    const rewrite = (json: unknown) => {
      const detail = json as { response_sequences: { responses: Row[] }[] };
      const [first] = detail.response_sequences;
      first?.responses.unshift({ response: "nobody's" });
      return detail;
    };
    simulator.fault({ platform: "TEXTIZEN", route: "GET /api/polls/{id}", kind: "rewrite", rewrite });
    const { data, errors, extensions } = await stage.query(
      `{ poll(id: "poll:${poll?.id}") { responses { totalCount nodes { text } } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data.poll.responses.totalCount).toBe(6);
    expect(extensions.platforms.at(-1)).toMatchObject({ route: "GET /api/polls/{id}", skippedRows: 1 });
  });
});

describe("a value that is of another kind", () => {
  const rows: [platform: PlatformName, route: string, change: Row, list: string, field: string][] = [
    ["TEXTIZEN", "GET /api/participants", { name: {} }, "participants", "name"],
    ["TEXTIZEN", "GET /api/participants", { created_at: "yesterday" }, "participants", "createdAt"],
    ["TEXTIZEN", "GET /api/participants", { subscribed: "maybe" }, "participants", "isSubscribed"],
    ["TEXTIZEN", "GET /api/groups", { name: ["Volunteers"] }, "textizenGroups", "name"],
    ["TEXTIZEN", "GET /api/campaigns", { organization_id: 1.5 }, "campaigns", "organizationId"],
    ["TEXTIZEN", "GET /api/polls", { title: {} }, "polls", "title"],
    ["TEXTIZEN", "GET /api/polls", { active: "perhaps" }, "polls", "isActive"],
    ["TEXTIZEN", "GET /api/polls", { start_date: "2026-02-30" }, "polls", "startsAt"],
    ["PIDJ", "GET /groups", { color: false }, "pidjGroups", "color"],
    ["PIDJ", "GET /series", { name: true }, "seriesList", "name"],
    ["PIDJ", "GET /surveys", { name: [0] }, "surveys", "name"],
  ];

  test.each(rows)(
    "%s %s %j: that field alone is null, with an error at its path",
    async (platform, route, change, list, field) => {
      await using stage = await startStage({ simulator: { ...SMALL, polls: 4 }, env: { SNAPSHOT_SECONDS: "0" } });
      const document = `{ ${list}(first: 3) { totalCount nodes { id ${field} } } }`;
      const healthy = (await stage.query(document)).data;
      const id = healthy[list].nodes[1].id.replace(/^[a-z]+:(?=\d+$)/, "");
      spoilRows(stage, platform, route, (row) =>
        [row["id"], row["group_id"], row["series_id"], row["survey_id"]].map(String).includes(id)
          ? { ...row, ...change }
          : row,
      );
      const answer = await stage.query(document);
      healthy[list].nodes[1][field] = null;
      expect(answer.data).toEqual(healthy);
      expect(errorsAt(answer)).toEqual({ [`${list}.nodes.1.${field}`]: BAD });
      expect(answer.errors?.[0]?.extensions).toEqual({ code: BAD, retryable: false, platform });
      expect(leaksOf(answer, stage)).toEqual([]);
    },
  );

  test("in a record read by id nulls its own field, and the link that it would have been", async () => {
    await using stage = await startStage({ simulator: SMALL });
    const { world } = stage.simulator;
    const [contact] = world.contacts.keys();
    const [user] = world.pidjUsers.keys();
    const [mailing] = world.mailings.keys();
    const [response] = world.responses.keys();
    spoilRecord(stage, "PIDJ", "GET /contact/{id}", { tags: "VIP", external_id: [12] });
    spoilRecord(stage, "PIDJ", "GET /user/{id}", { roles: "admin" });
    spoilRecord(stage, "TEXTIZEN", "GET /api/mailings/{id}", { send_at: "soon", phone_numbers_list: true });
    spoilRecord(stage, "TEXTIZEN", "GET /api/responses/{id}", { participant_id: "one two", created_at: 0 });
    const answer = await stage.query(`{
      contact(id: "${contact}") { firstName tags externalId }
      pidjUser(id: "${user}") { username roles }
      mailing(id: "mailing:${mailing}") { id sendAt recipients { id } recipientCount poll { id } }
      pollResponse(id: "response:${response}") { text participant { id } createdAt poll { id } }
    }`);
    expect(answer.data).toEqual({
      contact: { firstName: expect.any(String), tags: null, externalId: null },
      pidjUser: { username: expect.any(String), roles: null },
      mailing: {
        id: `mailing:${mailing}`,
        sendAt: null,
        recipients: null,
        recipientCount: null,
        poll: { id: "poll:301" },
      },
      pollResponse: { text: expect.any(String), participant: null, createdAt: null, poll: { id: "poll:301" } },
    });
    expect(errorsAt(answer)).toEqual({
      "contact.tags": BAD,
      "contact.externalId": BAD,
      "pidjUser.roles": BAD,
      "mailing.sendAt": BAD,
      "mailing.recipients": BAD,
      "mailing.recipientCount": BAD,
      "pollResponse.participant": BAD,
      "pollResponse.createdAt": BAD,
    });
    expect(leaksOf(answer, stage)).toEqual([]);
  });

  test("nulls a poll's questions, responses and results, never the poll", async () => {
    await using stage = await startStage({ simulator: SMALL });
    spoilRecord(stage, "TEXTIZEN", "GET /api/polls/{id}", { questions: "none", response_sequences: 3 });
    const answer = await stage.query(
      `{ poll(id: "poll:301") { title questions { id } responses { totalCount } results { replyCount } } }`,
    );
    expect(answer.data.poll).toEqual({ title: expect.any(String), questions: null, responses: null, results: null });
    expect(errorsAt(answer)).toEqual({ "poll.questions": BAD, "poll.responses": BAD, "poll.results": BAD });
  });
});

const OWN_REFUSAL = JSON.stringify({ code: 400, status: "failure" });

describe("a record that does not exist", () => {
  const ids: [field: string, id: string][] = [
    ["contact", "co:nobody"],
    ["pidjUser", "us:nobody"],
    ["group", "gr:none"],
    ["series", "ts:none"],
    ["survey", "sv:none"],
    ["participant", "participant:9"],
    ["group", "group:9"],
    ["campaign", "campaign:9"],
    ["poll", "poll:9"],
    ["mailing", "mailing:9"],
    ["pollResponse", "response:9"],
    ["pollResponse", "response:301.9.9.1"],
  ];

  test.each(ids)("%s(id: %j) is null without an error, and so it is as a node", async (field, id) => {
    await using stage = await startStage({ simulator: SMALL });
    const node = await stage.query(
      `{ ${field}(id: "${id}") { id } node(id: "${id}") { id } nodes(ids: ["${id}"]) { id } }`,
    );
    expect(node.errors).toBeUndefined();
    expect(node.data).toEqual({ [field]: null, node: null, nodes: [null] });
  });

  test("is null, too, where Pidj says so inside HTTP 200", async () => {
    await using stage = await startStage({ simulator: { ...SMALL, shapes: { pidjFailures: "http-200" } } });
    const answer = await stage.query(`{ contact(id: "co:nobody") { id } pidjUser(id: "us:nobody") { id } }`);
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual({ contact: null, pidjUser: null });
  });

  test("is something else than a failure inside HTTP 200", async () => {
    await using stage = await startStage({ simulator: SMALL });
    const [contact] = stage.simulator.world.contacts.keys();
    for (const status of ["failure", "error"] as const) {
      const remove = stage.simulator.fault({
        platform: "PIDJ",
        kind: "failure-in-200",
        status,
        message: "upstream words",
      });
      const answer = await stage.query(`{ contact(id: "${contact}") { id } surveys { totalCount } }`);
      expect(answer.data).toEqual({ contact: null, surveys: null });
      expect(errorsAt(answer)).toEqual({ contact: "PLATFORM_REFUSED", surveys: "PLATFORM_REFUSED" });
      expect(leaksOf(answer, stage)).toEqual([]);
      remove();
    }
  });

  test("takes its own place alone among nodes, as does one that cannot be read", async () => {
    await using stage = await startStage({ simulator: SMALL });
    const ids = [...[...stage.simulator.world.contacts.keys()].slice(0, 3), "co:nobody", "group:71"];
    stage.simulator.fault({
      platform: "PIDJ",
      route: "GET /contact/{id}",
      kind: "status",
      status: 400,
      body: OWN_REFUSAL,
      times: 1,
    });
    const answer = await stage.query("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids });
    const nodes: ({ id: string } | null)[] = answer.data.nodes;
    const unread = ids.findIndex((id, at) => id !== "co:nobody" && nodes[at] === null);
    expect(errorsAt(answer)).toEqual({ [`nodes.${unread}`]: "PLATFORM_REFUSED" });
    expect(nodes).toEqual(ids.map((id, at) => (id === "co:nobody" || at === unread ? null : { id })));
  });
});
