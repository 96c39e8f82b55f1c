import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fetch from "node-fetch";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { SCOPES } from "../src/access/scopes.ts";
import { type OtlpReceiver, startOtlpReceiver } from "./otlp-receiver.ts";
import { RawSocket, subscribe } from "./raw-socket.ts";
import { ask, type Stage, startStage } from "./support.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "textgraph-canary-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A value that occurs nowhere else, for each personal or secret field. */
const CANARIES = {
  webhookSecret: "cnrywebhooksecret7301",
  contactFirst: "Cnryfirst7302",
  contactLast: "Cnrylast7303",
  contactBusiness: "Cnrybusiness7304",
  contactEmail: "cnrymail7305@example.org",
  contactNumber: "+12025557306",
  contactExternal: "cnryexternal7307",
  participantName: "Cnryparticipant7309",
  participantNumber: "+12025557310",
  participantToken: "cnrytoken7311",
  answer: "Cnryanswer7312",
  message: "Cnrymessage7313",
  receivedText: "Cnryreceived7314",
  receivedNumber: "+12025557315",
  recipientNumber: "+12025557316",
  idempotencyKey: "cnrykey7317",
  userName: "cnryuser7318",
  userPassword: "Cnrypassword7319!",
  userEmail: "cnryusermail7320@example.org",
  ssoNext: "cnrynext7321",
  platformSentence: "Cnrysentence7322",
  optOutReason: "Cnryreason7323",
  queryText: "cnryalias7324",
  malformed: "cnrymalformed7325",
  header: "cnryheader7326",
  path: "cnrypath7327",
  taskTopic: "Cnrytopic7328",
} as const;

interface Places {
  readonly [place: string]: string;
}

/** A name in a client's document, which an error to that client may repeat. */
const NAMED = CANARIES.queryText;

/** The canaries that are found in the wrong places. Numbers are looked for without their plus too. */
function findLeaks(places: Places, canaries: readonly string[]): string[] {
  return Object.entries(places).flatMap(([place, text]) =>
    canaries
      .filter((canary) => text.toLowerCase().includes(canary.replace("+", "").toLowerCase()))
      .map((canary) => `${canary} in ${place}`),
  );
}

interface Run {
  readonly places: () => Promise<Places>;
  readonly secrets: readonly string[];
  readonly stage: Stage;
  readonly query: (document: string, variables?: object, headers?: Record<string, string>) => Promise<unknown>;
  readonly key: string;
}

/** A server with everything that it writes down collected, and canaries in its platforms and its configuration. */
async function startRun(receiver: OtlpReceiver): Promise<Run & AsyncDisposable> {
  const keysFile = join(folder, "keys.json");
  const key = addApiKey(keysFile, {
    name: "console",
    scopes: [...SCOPES],
    expires: null,
    callsPerMinute: null,
    recipientsPerMinute: null,
  });
  const lines: string[] = [];
  const output = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")].map((spy) =>
    spy.mockImplementation((chunk) => {
      lines.push(String(chunk));
      return true;
    }),
  );
  const stage = await startStage({
    simulator: { people: 8, polls: 2, responsesPerPoll: 6 },
    env: {
      LOG_LEVEL: "trace",
      API_KEYS_FILE: keysFile,
      STORE_URL: `sqlite:${join(folder, "graph.db")}`,
      WEBHOOK_SECRET: CANARIES.webhookSecret,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      READ_TIMEOUT_MS: "300",
      SEND_TIMEOUT_MS: "400",
    },
    app: { logTo: { write: (line) => lines.push(line) } },
  });
  plant(stage);
  const errors: unknown[] = [];
  const { pidj, textizen } = stage.simulator;
  return {
    stage,
    key,
    secrets: [
      ...Object.values(CANARIES),
      key,
      pidj.accountKey,
      pidj.token,
      textizen.email,
      textizen.password,
      "simulated-session",
    ],
    query: async (document, variables = {}, headers = {}) => {
      const answer = await ask(stage.app.url, document, variables, { "x-api-key": key, ...headers });
      errors.push(...(answer.errors ?? []));
      return answer.data;
    },
    places: async () => {
      await stage.app.services.audit.idle();
      const metrics = await fetch(new URL("/metrics", stage.app.url), { headers: { "x-api-key": key } });
      const database = new DatabaseSync(join(folder, "graph.db"), { readOnly: true });
      const audit = database.prepare("SELECT key, value FROM entry WHERE collection = 'audit'").all();
      database.close();
      return {
        output: lines.join(""),
        metrics: await metrics.text(),
        audit: JSON.stringify(audit),
        errors: JSON.stringify(errors),
      };
    },
    [Symbol.asyncDispose]: async () => {
      await stage[Symbol.asyncDispose]();
      for (const spy of output) {
        spy.mockRestore();
      }
    },
  };
}

function plant({ simulator: { world } }: Stage): void {
  const [contact] = world.contacts.values();
  const [participant] = world.participants.values();
  const [response] = world.responses.values();
  if (contact === undefined || participant === undefined || response === undefined) {
    throw new Error("an empty world");
  }
  world.contacts.put({
    ...contact,
    first_name: CANARIES.contactFirst,
    last_name: CANARIES.contactLast,
    business_name: CANARIES.contactBusiness,
    email_address: CANARIES.contactEmail,
    phone_number: CANARIES.contactNumber,
    external_id: CANARIES.contactExternal,
  });
  world.participants.put({
    ...participant,
    name: CANARIES.participantName,
    phone_number: CANARIES.participantNumber.slice(1),
    is_masked: false,
  });
  world.responses.put({ ...response, participant_id: participant.id, response: CANARIES.answer });
}

const READS = `query Everything($number: PhoneNumber!, $contact: ID!) {
  ${CANARIES.queryText}: person(phoneNumber: $number) { displayName contact { firstName } participant { name campaign { title } } }
  contact(id: $contact) { firstName lastName businessName emailAddress phoneNumber externalId }
  participants(first: 20) { nodes { name phoneNumber groups { name } } }
  polls { nodes { title responses { nodes { text participant { name } } } } }
  receivedMessages(first: 5) { nodes { text displayFrom } }
  campaigns { nodes { title } }
}`;

async function read({ stage, query }: Run): Promise<void> {
  const contact = [...stage.simulator.world.contacts.keys()][0];
  const variables = { number: CANARIES.participantNumber, contact };
  const data = await query(READS, variables, { "x-request-id": `${CANARIES.header} ${CANARIES.contactNumber}` });
  expect(JSON.stringify(data)).toContain(CANARIES.contactEmail);
  // Each of these fails in its own way.
  const { number } = variables;
  await query(`{ ${CANARIES.queryText} }`);
  await query(`{ person(phoneNumber: "${CANARIES.malformed}") { displayName } }`);
  await query("query ($n: PhoneNumber!) { person(phoneNumber: $n) { displayName } }", { n: CANARIES.malformed });
  await query(`query ${CANARIES.queryText} { person(phoneNumber: "${number}") { ${CANARIES.queryText} } }`);
  await query(`{ person(phoneNumber: "${CANARIES.contactNumber}" `);
  await query(READS, { ...variables, contact: `co:${CANARIES.malformed}` });
  // Values of every wrong kind, in variables and in the document.
  const wrong = { text: CANARIES.message, numbers: ["; at x", CANARIES.recipientNumber] };
  const literal = `{ text: "${CANARIES.message}" }`;
  for (const [type, use] of [
    ["Int", "participants(first: $v) { totalCount }"],
    ["String", "messagePreview(text: $v) { segmentCount }"],
    ["ID", "contact(id: $v) { id }"],
    ["MessagingPlatform", "platformStatus(platform: $v) { isAuthorized }"],
    ["[ID!]", "nodes(ids: $v) { id }"],
  ] as const) {
    for (const value of [wrong, [wrong], `${CANARIES.message}; ${CANARIES.malformed}`]) {
      await query(`query ($v: ${type}${type === "Int" || type === "MessagingPlatform" ? "" : "!"}) { ${use} }`, {
        v: value,
      });
    }
    for (const text of [literal, `[${literal}]`, `"${CANARIES.message}"`, "4155551212e99"]) {
      await query(`{ ${use.replace("$v", text)} }`);
    }
  }
  await query(`{ "${CANARIES.message}" }`);
  await query(`{ a(b: "${CANARIES.message}`);
}

const INPUTS: Readonly<Record<string, object>> = {
  sendMessage: {
    from: { phoneNumber: "+18885552000" },
    recipient: { phoneNumber: CANARIES.recipientNumber },
    text: CANARIES.message,
    idempotencyKey: CANARIES.idempotencyKey,
  },
  createContact: {
    phoneNumber: CANARIES.recipientNumber,
    firstName: CANARIES.contactFirst,
    emailAddress: CANARIES.contactEmail,
    idempotencyKey: `${CANARIES.idempotencyKey}-2`,
  },
  createParticipant: { phoneNumber: CANARIES.recipientNumber, name: CANARIES.participantName },
  createPidjUser: {
    username: CANARIES.userName,
    password: CANARIES.userPassword,
    emailAddress: CANARIES.userEmail,
    firstName: CANARIES.contactFirst,
    lastName: CANARIES.contactLast,
    isAdmin: false,
  },
  initiateTask: {
    topic: CANARIES.taskTopic,
    name: CANARIES.contactLast,
    idempotencyKey: `${CANARIES.idempotencyKey}-3`,
  },
  createSsoUrl: { user: { externalId: CANARIES.contactExternal }, next: `https://example.com/${CANARIES.ssoNext}` },
  setParticipantTokens: {
    participantId: "participant:1001",
    campaignId: "campaign:1",
    tokens: [{ key: "name", value: CANARIES.participantToken }],
  },
  setOptOut: { phoneNumber: CANARIES.receivedNumber, isOptedOut: true, reason: CANARIES.optOutReason },
};

async function write({ query }: Run): Promise<void> {
  for (const [mutation, input] of Object.entries(INPUTS)) {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`;
    const document = `mutation ${mutation}($input: ${type}) { ${mutation}(input: $input) { userErrors { code } } }`;
    await query(document, { input });
    // Refused as a whole: the variable is malformed, and holds the rest.
    await query(document, { input: { ...input, unknown: CANARIES.malformed } });
    await query(document, { input: [JSON.stringify(input)] });
  }
}

async function fail(run: Run): Promise<void> {
  const { simulator } = run.stage;
  const sentence = `${CANARIES.platformSentence} for ${CANARIES.contactEmail} and ${CANARIES.contactNumber}`;
  const faults = [
    { kind: "failure-in-200", message: sentence },
    { kind: "status", status: 500, body: sentence, contentType: "text/html" },
    { kind: "status", status: 422, body: JSON.stringify({ status: "failure", message: sentence }) },
    { kind: "status", status: 200, body: `{"${sentence}": `, contentType: "application/json" },
    { kind: "redirect", location: `http://127.0.0.1:1/${CANARIES.path}` },
    { kind: "rewrite", rewrite: () => ({ [CANARIES.platformSentence]: sentence }) },
    { kind: "malformed-json" },
    { kind: "cut-body" },
    { kind: "reset-after-request" },
    { kind: "hang" },
  ] as const;
  for (const fault of faults) {
    for (const platform of ["PIDJ", "TEXTIZEN"] as const) {
      const end = simulator.fault({ ...fault, platform, times: 6 });
      await run.query(READS, { number: CANARIES.participantNumber, contact: [...simulator.world.contacts.keys()][0] });
      end();
    }
    const end = simulator.fault({ ...fault, platform: "PIDJ", route: "POST /send", times: 1 });
    const input = { ...INPUTS["sendMessage"], idempotencyKey: `${CANARIES.idempotencyKey}-${fault.kind}` };
    await run.query("mutation ($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { code } } }", {
      input,
    });
    end();
  }
}

async function push({ stage }: Run): Promise<void> {
  const { webhookSecret, receivedText, receivedNumber, malformed, path } = CANARIES;
  const at = (route: string) => new URL(route, stage.app.url);
  const values = { message: receivedText, from: receivedNumber, to: "+18885552000", group_id: "gr:1" };
  const forms = [
    {
      path: `/webhooks/pidj/${webhookSecret}`,
      body: new URLSearchParams(values).toString(),
      type: "application/x-www-form-urlencoded",
    },
    { path: `/webhooks/pidj/${webhookSecret}`, body: `{"message": "${receivedText}", `, type: "application/json" },
    {
      path: `/webhooks/textizen/${webhookSecret}`,
      body: JSON.stringify({ name: receivedText, phone: receivedNumber }),
      type: "application/json",
    },
    { path: `/webhooks/pidj/${webhookSecret}x`, body: receivedText, type: "text/plain" },
    { path: `/${path}?token=${malformed}`, body: malformed, type: `x/${malformed}` },
    { path: `/graphql?query=${malformed}`, body: malformed, type: "text/plain" },
    { path: "/graphql", body: `{"${malformed}`, type: "application/json" },
  ];
  for (const form of forms) {
    await (
      await fetch(at(form.path), { method: "POST", headers: { "content-type": form.type }, body: form.body })
    ).text();
  }
  await (await fetch(at(`/%zz${path}`))).text();
}

async function listen({ stage, key, query }: Run): Promise<void> {
  for (const [credential, code] of [
    [key, "connection_ack"],
    [CANARIES.malformed, ""],
  ] as const) {
    const socket = new RawSocket(stage, { headers: { "x-api-key": credential, [CANARIES.header]: CANARIES.header } });
    await socket.send({
      type: "connection_init",
      payload: { apiKey: credential, [CANARIES.malformed]: CANARIES.malformed },
    });
    if (code === "") {
      await socket.closed;
      continue;
    }
    await socket.seen(code);
    await socket.send(
      subscribe(
        CANARIES.malformed,
        "subscription ($from: PhoneNumber) { messageReceived(from: $from) { message { text } } }",
        {
          from: CANARIES.receivedNumber,
        },
      ),
      subscribe("b", `{ ${CANARIES.queryText} }`),
      subscribe("c", "query ($n: PhoneNumber!) { person(phoneNumber: $n) { displayName } }", {
        n: CANARIES.participantNumber,
      }),
    );
    await socket.seen("error");
    await query("{ __typename }");
    await socket.send(`{"${CANARIES.malformed}`);
    await socket.closed;
  }
}

/** Everything once: reads, writes, faults, webhooks, sockets. */
async function runAll(run: Run): Promise<void> {
  await read(run);
  await push(run);
  await write(run);
  await listen(run);
  await fail(run);
  // A bug of this server whose error quotes what it choked on.
  run.stage.app.reportFatal(new TypeError(`${CANARIES.message} to ${CANARIES.contactNumber} is not a function`));
}

test("a whole run leaves nothing personal and no secret in logs, metrics, spans, the audit log and errors", async () => {
  await using receiver = await startOtlpReceiver();
  let places: Places;
  let secrets: readonly string[];
  {
    await using run = await startRun(receiver);
    await runAll(run);
    ({ secrets } = run);
    places = await run.places();
  }
  places = { ...places, spans: receiver.bodies.join("\n") };
  // What was searched is what was meant.
  expect(places["output"]?.split("\n").filter((line) => line.includes('"msg":"operation"')).length).toBeGreaterThan(50);
  expect(places["spans"]).toContain("query Everything");
  expect(places["metrics"]).toContain("textgraph_writes_total");
  expect(places["audit"]).toContain("sendMessage");
  expect(places["errors"]).toContain("PLATFORM_BAD_RESPONSE");

  const { errors = "", ...others } = places;
  expect(findLeaks(others, secrets)).toEqual([]);
  expect(
    findLeaks(
      { errors },
      secrets.filter((canary) => canary !== NAMED),
    ),
  ).toEqual([]);
});

test("a planted leak is caught by the same search", async () => {
  await using receiver = await startOtlpReceiver();
  await using run = await startRun(receiver);
  run.stage.app.services.warn(`a note for ${CANARIES.contactFirst}`, null);
  run.stage.app.services.audit.append({
    caller: CANARIES.userName,
    mutation: "sendMessage",
    outcome: "ACCEPTED",
    idempotencyKey: CANARIES.idempotencyKey,
    targets: [CANARIES.recipientNumber],
  });
  process.stderr.write(`${CANARIES.recipientNumber}\n`);
  expect(findLeaks(await run.places(), run.secrets)).toEqual([
    `${CANARIES.contactFirst} in output`,
    `${CANARIES.recipientNumber} in output`,
    `${CANARIES.userName} in audit`,
  ]);
});
