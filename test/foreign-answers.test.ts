import { describe, expect, test } from "vitest";
import { startContactListSync } from "../src/background/contact-list-sync.ts";
import type { Fault } from "../src/simulator/faults.ts";
import { FOREIGN_ANSWERS, type ForeignAnswer } from "../src/simulator/foreign-answers.ts";
import type { PlatformName } from "../src/simulator/journal.ts";
import type { World } from "../src/simulator/world.ts";
import { type Answer, leaksOf, type Stage, startStage } from "./support.ts";

interface Read {
  readonly platform: PlatformName;
  readonly route: string;
  /** A query that makes this call, and needs it. */
  readonly document: (world: World) => string;
}

/** Every documented read that a query makes, except the two that `platformStatus` makes. */
const READS: readonly Read[] = [
  pidj("GET /contact/{id}", ({ contacts }) => `contact(id: "${idOf(contacts)}") { id }`),
  pidj("GET /user/{id}", ({ pidjUsers }) => `pidjUser(id: "${idOf(pidjUsers)}") { id }`),
  pidj("GET /groups", () => "pidjGroups { totalCount }"),
  pidj("GET /series", () => "seriesList { totalCount }"),
  pidj("GET /surveys", () => "surveys { totalCount }"),
  textizen("GET /api/groups", () => "textizenGroups { totalCount }"),
  textizen(
    "GET /api/groups/{id}",
    ({ textizenGroups }) =>
      `group(id: "group:${idOf(textizenGroups)}") { ... on TextizenGroup { participants { totalCount } } }`,
  ),
  textizen("GET /api/campaigns", () => "campaigns { totalCount }"),
  textizen("GET /api/campaigns/{id}", ({ campaigns }) => `campaign(id: "campaign:${idOf(campaigns)}") { title }`),
  textizen("GET /api/participants", () => "participants { totalCount }"),
  textizen(
    "GET /api/participants/{id}",
    ({ participants }) => `participant(id: "participant:${idOf(participants)}") { name }`,
  ),
  textizen(
    "GET /api/participants/{id}/tokens",
    ({ participants, campaigns }) =>
      `participant(id: "participant:${idOf(participants)}") { tokens(campaignId: "campaign:${idOf(campaigns)}") { key } }`,
  ),
  textizen("GET /api/polls", () => "polls { totalCount }"),
  textizen("GET /api/polls/{id}", ({ polls }) => `poll(id: "poll:${idOf(polls)}") { questions { id } }`),
  textizen("GET /api/polls/{id}/mailings", ({ polls }) => `poll(id: "poll:${idOf(polls)}") { mailings { id } }`),
  textizen("GET /api/mailings/{id}", ({ mailings }) => `mailing(id: "mailing:${idOf(mailings)}") { id }`),
  textizen("GET /api/responses/{id}", ({ responses }) => `pollResponse(id: "response:${idOf(responses)}") { id }`),
];

function pidj(route: string, fields: (world: World) => string): Read {
  return { platform: "PIDJ", route, document: (world) => `{ ${fields(world)} }` };
}

function textizen(route: string, fields: (world: World) => string): Read {
  return { platform: "TEXTIZEN", route, document: (world) => `{ ${fields(world)} }` };
}

function idOf(rows: ReadonlyMap<string | number, unknown>): string | number {
  const [id = ""] = rows.keys();
  return id;
}

const STATUS = "{ platformStatus { platform isAuthorized } }";

/** A stage whose lists are read anew by each query, and whose directory knows every contact. */
async function start(): Promise<Stage> {
  const simulator = { people: 12, polls: 1, responsesPerPoll: 3 };
  const stage = await startStage({ simulator, env: { SNAPSHOT_SECONDS: "0" } });
  await stage.learnContacts();
  return stage;
}

/** The codes of the errors of each read's query, if the fault answers its call. */
async function readAll(stage: Stage, reads: readonly Read[], fault: FaultKind): Promise<Record<string, unknown>> {
  const outcomes: Record<string, unknown> = {};
  for (const { platform, route, document } of reads) {
    const remove = stage.simulator.fault({ platform, route, ...fault } as Fault);
    const answer = await stage.query(document(stage.simulator.world));
    remove();
    expect(leaksOf(answer, stage)).toEqual([]);
    outcomes[`${platform} ${route}`] = codesOf(answer);
  }
  return outcomes;
}

type FaultKind = Partial<Extract<Fault, { readonly kind: "foreign" | "failure-in-200" }>>;

function codesOf({ errors = [] }: Answer): unknown {
  return errors.map(({ extensions }) => extensions["code"]);
}

/** The same for all of them. */
function allGive(reads: readonly Read[], code: (read: Read) => string): Record<string, unknown> {
  return Object.fromEntries(reads.map((read) => [`${read.platform} ${read.route}`, [code(read)]]));
}

/** Those that say that nobody is signed in: Textizen's session is renewed once, and refused again. */
const SIGN_IN_ANSWERS: ReadonlySet<ForeignAnswer> = new Set(["sso-302", "aws-403"]);

/** A participant's tokens have names that the account chose, so that any JSON object of texts is an answer. */
const WITHOUT_TOKENS = READS.filter(({ route }) => !route.endsWith("/tokens"));

function expectedCode(answer: ForeignAnswer, platform: PlatformName): string {
  if (FOREIGN_ANSWERS[answer].status >= 500) {
    return "PLATFORM_UNAVAILABLE";
  }
  return platform === "TEXTIZEN" && SIGN_IN_ANSWERS.has(answer) ? "PLATFORM_UNAUTHORIZED" : "PLATFORM_BAD_RESPONSE";
}

/** Every link of the directory. */
async function linksOf(stage: Stage): Promise<unknown> {
  const phoneNumbers = [...stage.simulator.world.contacts.values()].map(({ phone_number }) => phone_number);
  const answer = await stage.query(
    "query ($phoneNumbers: [PhoneNumber!]!) { people(phoneNumbers: $phoneNumbers) { contactLink { state candidateIds } } }",
    { phoneNumbers },
  );
  expect(answer.errors).toBeUndefined();
  return answer.data.people;
}

test("each document makes the call that it is about", async () => {
  await using stage = await start();
  for (const { platform, route, document } of READS) {
    expect((await stage.query(document(stage.simulator.world))).errors).toBeUndefined();
    expect(stage.calls()).toContain(`${platform} ${route}`);
  }
});

describe.each(Object.keys(FOREIGN_ANSWERS) as ForeignAnswer[])("%s in the platform's place", (answer) => {
  const reads = answer === "other-json-200" ? WITHOUT_TOKENS : READS;

  test("is an error at every read, and nothing is unlearned", async () => {
    await using stage = await start();
    const links = await linksOf(stage);

    const outcomes = await readAll(stage, reads, { kind: "foreign", answer });

    expect(outcomes).toEqual(allGive(reads, ({ platform }) => expectedCode(answer, platform)));
    expect(await linksOf(stage)).toEqual(links);
  });

  test("is no list of contacts either", async () => {
    await using stage = await start();
    const links = await linksOf(stage);
    stage.simulator.fault({ platform: "PIDJ", kind: "foreign", answer });
    const { promise: warned, resolve: warn } = Promise.withResolvers<string>();

    const sync = startContactListSync({ ...stage.app.services, warn }, 60);
    expect(await warned).toBe("Pidj's contact list was not read");
    sync.stop();

    expect(await linksOf(stage)).toEqual(links);
  });

  test("is no authorization", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", kind: "foreign", answer });
    stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/user", kind: "foreign", answer });
    expect((await stage.query(STATUS)).data.platformStatus).toEqual([
      { platform: "PIDJ", isAuthorized: false },
      { platform: "TEXTIZEN", isAuthorized: false },
    ]);
  });
});

describe("a failure in the platform's own envelope inside HTTP 200", () => {
  test("is a refusal at every read, and nothing is unlearned", async () => {
    await using stage = await start();
    const links = await linksOf(stage);

    const outcomes = await readAll(stage, WITHOUT_TOKENS, { kind: "failure-in-200", message: "Not today." });

    expect(outcomes).toEqual(allGive(WITHOUT_TOKENS, () => "PLATFORM_REFUSED"));
    expect(await linksOf(stage)).toEqual(links);
  });
});

test("only the platform's own word says that a record is not there", async () => {
  await using stage = await start();
  const links = await linksOf(stage);
  const [contact] = stage.simulator.world.contacts.values();
  expect(links).toContainEqual({ contactLink: { state: "LINKED", candidateIds: [contact?.id] } });

  const answer = await stage.query('{ contact(id: "co:nobody") { id } participant(id: "participant:999") { name } }');

  expect(answer.errors).toBeUndefined();
  expect(answer.data).toEqual({ contact: null, participant: null });
  expect(await linksOf(stage)).toEqual(links);
  stage.simulator.world.contacts.delete(contact?.id ?? "");
  expect((await stage.query(`{ contact(id: "${contact?.id}") { id } }`)).data).toEqual({ contact: null });
  expect(await linksOf(stage)).not.toContainEqual({ contactLink: { state: "LINKED", candidateIds: [contact?.id] } });
});

test("platformStatus names the base URL if something else than the platform answers", async () => {
  await using stage = await start();
  stage.simulator.fault({ platform: "PIDJ", kind: "foreign", answer: "nginx-404" });

  const { data } = await stage.query("{ platformStatus(platform: PIDJ) { isAuthorized message } }");

  const message = "Pidj gave an answer that cannot be read (HTTP 404): check PIDJ_BASE_URL.";
  expect(data.platformStatus).toEqual([{ isAuthorized: false, message }]);
});
