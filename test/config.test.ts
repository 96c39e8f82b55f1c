import { describe, expect, test } from "vitest";
import { type Config, readConfig } from "../src/config.ts";
import { ConfigError } from "../src/environment.ts";

type Env = Record<string, string>;

const PIDJ: Env = { PIDJ_ACCOUNT_KEY: "account-1", PIDJ_TOKEN: "hunter2" };
const TEXTIZEN: Env = { TEXTIZEN_EMAIL: "operator@city.example", TEXTIZEN_PASSWORD: "hunter2" };
const ALL: Env = { ...PIDJ, ...TEXTIZEN };

/** The sentence that a wrong variable stops the start with. */
function refusal(env: Env): string {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error("nothing was refused");
}

test("nothing set: the documented defaults, and neither platform", () => {
  expect(readConfig({})).toEqual({
    access: null,
    allowedHosts: [],
    trustedProxies: [],
    limits: {
      calls: 1_000,
      objects: 20_000,
      callsPerMinute: 6_000,
      objectsPerMinute: 1_200_000,
      recipientsPerMinute: 1_200,
    },
    allowsIntrospection: true,
    host: "127.0.0.1",
    port: 4000,
    isProduction: false,
    isSubgraph: false,
    logLevel: "warn",
    pidj: null,
    textizen: null,
    storeUrl: null,
    contactsListMinutes: null,
    corsOrigins: [],
    ssoNextHosts: [],
    detailSeconds: 0,
    replicas: { connections: 10, listenUrl: null, secretKey: null },
    snapshotSeconds: 30,
    staleSeconds: 600,
    protection: {
      bulkhead: { inFlight: 64, waiting: 128, waitMilliseconds: 500 },
      breaker: { isOn: true, leastCalls: 20, failurePercent: 50, pauseMilliseconds: 5_000 },
      retries: { percent: 20, perSecond: 3 },
      overload: { lagMilliseconds: 200, heapPercent: 90 },
      bodyLimits: { listBytes: 64_000_000, recordBytes: 10_000_000 },
    },
    sharesOperations: true,
    trustedDocuments: null,
    subscriberConnections: 10_000,
    metrics: null,
    auditKeptDays: 365,
    tracing: null,
    events: {
      webhookSecrets: [],
      publicUrl: null,
      repeatSeconds: 10,
      keptDays: 30,
      mostKept: 1_000_000,
      optOutWords: ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"],
      chatterSeconds: null,
    },
    defaultRegion: "US",
    jobs: { quietHours: { start: "21:00", end: "08:00" }, timeZone: "America/New_York", rowsAtOnce: 8 },
    timeouts: { query: 8_000, mutation: 12_000, connect: 1_000, read: 3_000, send: 8_000 },
  });
});

test("credentials alone: both platforms at their documented addresses, in their documented ways", () => {
  const { pidj, textizen } = readConfig(ALL);
  expect(pidj).toEqual({ baseUrl: "https://gopidj.com/api/2020", accountKey: "account-1", token: "hunter2" });
  expect(textizen).toEqual({
    baseUrl: "https://textizen.com",
    credentials: { email: "operator@city.example", password: "hunter2" },
    tokenIn: "body",
    participantUpdate: "top",
    unsubscribe: "wrapped",
    sendAtZone: null,
  });
});

const good: [env: Env, read: (config: Config) => unknown, value: unknown][] = [
  [{ HOST: "::1" }, ({ host }) => host, "::1"],
  [{ HOST: "localhost" }, ({ host }) => host, "localhost"],
  [{ HOST: "127.8.8.8" }, ({ host }) => host, "127.8.8.8"],
  [{ PORT: "0" }, ({ port }) => port, 0],
  [{ PORT: " 65535 " }, ({ port }) => port, 65_535],
  [{ NODE_ENV: "production" }, ({ isProduction }) => isProduction, true],
  [{ NODE_ENV: "test" }, ({ isProduction }) => isProduction, false],
  [{ SUBGRAPH: "on" }, ({ isSubgraph }) => isSubgraph, true],
  [{ LOG_LEVEL: "silent" }, ({ logLevel }) => logLevel, "silent"],
  [{ STORE_URL: "sqlite::memory:" }, ({ storeUrl }) => storeUrl, "sqlite::memory:"],
  [{ CONTACTS_LIST_MINUTES: "5" }, ({ contactsListMinutes }) => contactsListMinutes, null],
  [{ PIDJ_CONTACTS_LIST: "off" }, ({ contactsListMinutes }) => contactsListMinutes, null],
  [{ PIDJ_CONTACTS_LIST: "on" }, ({ contactsListMinutes }) => contactsListMinutes, 15],
  [{ PIDJ_CONTACTS_LIST: "on", CONTACTS_LIST_MINUTES: "5" }, ({ contactsListMinutes }) => contactsListMinutes, 5],
  [{ SNAPSHOT_SECONDS: "0" }, ({ snapshotSeconds }) => snapshotSeconds, 0],
  [{ DETAIL_SECONDS: "20" }, ({ detailSeconds }) => detailSeconds, 20],
  [
    { SSO_NEXT_HOSTS: "a.example, b.example:8080" },
    ({ ssoNextHosts }) => ssoNextHosts,
    ["a.example", "b.example:8080"],
  ],
  [
    { SSO_NEXT_HOSTS: "App.City.Example,b.example:443,münchen.example" },
    ({ ssoNextHosts }) => ssoNextHosts,
    ["app.city.example", "b.example", "xn--mnchen-3ya.example"],
  ],
  [{ SSO_NEXT_HOSTS: "*" }, ({ ssoNextHosts }) => ssoNextHosts, null],
  [
    { ALLOWED_HOSTS: "Texts.Example.Org, [fd00::1]" },
    ({ allowedHosts }) => allowedHosts,
    ["texts.example.org", "[fd00::1]"],
  ],
  [
    { TRUST_PROXY: "10.0.0.0/8, fd00::/7,::1" },
    ({ trustedProxies }) => trustedProxies,
    ["10.0.0.0/8", "fd00::/7", "::1"],
  ],
  [{ OPT_OUT_WORDS: "STOP, ARRÊT" }, ({ events }) => events.optOutWords, ["STOP", "ARRÊT"]],
  [{ STALE_SECONDS: "0" }, ({ staleSeconds }) => staleSeconds, 0],
  [
    { PLATFORM_CALLS: "1", PLATFORM_QUEUE: "2", PLATFORM_QUEUE_MS: "3" },
    ({ protection }) => protection.bulkhead,
    { inFlight: 1, waiting: 2, waitMilliseconds: 3 },
  ],
  [
    { BREAKER: "off", BREAKER_CALLS: "1", BREAKER_PERCENT: "2", BREAKER_PAUSE_MS: "3" },
    ({ protection }) => protection.breaker,
    { isOn: false, leastCalls: 1, failurePercent: 2, pauseMilliseconds: 3 },
  ],
  [
    { OVERLOAD_LAG_MS: "1", OVERLOAD_HEAP_PERCENT: "2" },
    ({ protection }) => protection.overload,
    { lagMilliseconds: 1, heapPercent: 2 },
  ],
  [
    { RETRY_PERCENT: "0", RETRIES_PER_SECOND: "0" },
    ({ protection }) => protection.retries,
    { percent: 0, perSecond: 0 },
  ],
  [
    { LIST_MEGABYTES: "1", RECORD_MEGABYTES: "2" },
    ({ protection }) => protection.bodyLimits,
    { listBytes: 1_000_000, recordBytes: 2_000_000 },
  ],
  [{ SHARE_OPERATIONS: "off" }, ({ sharesOperations }) => sharesOperations, false],
  [{ SUBSCRIBER_CONNECTIONS: "0" }, ({ subscriberConnections }) => subscriberConnections, 0],
  [{ QUERY_TIMEOUT_MS: "1" }, ({ timeouts }) => timeouts.query, 1],
  [{ MUTATION_TIMEOUT_MS: "2000" }, ({ timeouts }) => timeouts.mutation, 2_000],
  [{ MUTATION_TIMEOUT_MS: "1200", SEND_TIMEOUT_MS: "200" }, ({ timeouts }) => timeouts.mutation, 1_200],
  [{ CONNECT_TIMEOUT_MS: "3" }, ({ timeouts }) => timeouts.connect, 3],
  [{ READ_TIMEOUT_MS: "4" }, ({ timeouts }) => timeouts.read, 4],
  [{ SEND_TIMEOUT_MS: "600000" }, ({ timeouts }) => timeouts.send, 600_000],
  [
    { PIDJ_BASE_URL: "https://api.gopidj.com/api/2020/" },
    ({ pidj }) => pidj?.baseUrl,
    "https://api.gopidj.com/api/2020/",
  ],
  [{ PIDJ_BASE_URL: "http://127.0.0.1:4101/api/2020" }, ({ pidj }) => pidj?.baseUrl, "http://127.0.0.1:4101/api/2020"],
  [{ TEXTIZEN_BASE_URL: "http://[::1]:4102" }, ({ textizen }) => textizen?.baseUrl, "http://[::1]:4102"],
  [{ TEXTIZEN_BASE_URL: "http://localhost" }, ({ textizen }) => textizen?.baseUrl, "http://localhost"],
  [{ TEXTIZEN_TOKEN_IN: "query" }, ({ textizen }) => textizen?.tokenIn, "query"],
  [{ TEXTIZEN_PARTICIPANT_UPDATE: "wrapped" }, ({ textizen }) => textizen?.participantUpdate, "wrapped"],
  [{ TEXTIZEN_UNSUBSCRIBE: "top" }, ({ textizen }) => textizen?.unsubscribe, "top"],
  [{ TEXTIZEN_SEND_AT_ZONE: "America/New_York" }, ({ textizen }) => textizen?.sendAtZone, "America/New_York"],
  [
    { TEXTIZEN_EMAIL: "", TEXTIZEN_PASSWORD: "", TEXTIZEN_AUTH_TOKEN: "made-elsewhere" },
    ({ textizen }) => textizen?.credentials,
    { authToken: "made-elsewhere" },
  ],
];
test("origins are read as browsers write them, with or without a slash at the end", () => {
  const { corsOrigins } = readConfig({ CORS_ORIGINS: "https://app.example.org/, http://App.example.org:3000" });
  expect(corsOrigins).toEqual(["https://app.example.org", "http://app.example.org:3000"]);
});

test.each(good)("%j is read", (env, read, value) => {
  expect(read(readConfig({ ...ALL, ...env }))).toEqual(value);
});

const NAMES = [
  ["HOST", "PORT", "NODE_ENV", "LOG_LEVEL", "STORE_URL", "SNAPSHOT_SECONDS", "SHARE_OPERATIONS", "SSO_NEXT_HOSTS"],
  ["PIDJ_BASE_URL", "PIDJ_ACCOUNT_KEY", "PIDJ_TOKEN", "PIDJ_CONTACTS_LIST", "CONTACTS_LIST_MINUTES"],
  ["TEXTIZEN_BASE_URL", "TEXTIZEN_EMAIL", "TEXTIZEN_PASSWORD", "TEXTIZEN_AUTH_TOKEN", "TEXTIZEN_TOKEN_IN"],
  ["TEXTIZEN_PARTICIPANT_UPDATE", "TEXTIZEN_UNSUBSCRIBE", "TEXTIZEN_SEND_AT_ZONE"],
  ["QUERY_TIMEOUT_MS", "MUTATION_TIMEOUT_MS", "CONNECT_TIMEOUT_MS", "READ_TIMEOUT_MS", "SEND_TIMEOUT_MS"],
].flat();
test.each([
  ["1999", "8000", "MUTATION_TIMEOUT_MS must be at least 2000 if SEND_TIMEOUT_MS is 8000"],
  ["1199", "200", "MUTATION_TIMEOUT_MS must be at least 1200 if SEND_TIMEOUT_MS is 200"],
])("a mutation's time of %s ms with %s ms for a send could never send anything", (mutation, send, sentence) => {
  expect(() => readConfig({ MUTATION_TIMEOUT_MS: mutation, SEND_TIMEOUT_MS: send })).toThrow(sentence);
});

test.each(["", "  ", "\t"])("a blank value (%j) counts as not set, for every variable", (blank) => {
  expect(readConfig(Object.fromEntries(NAMES.map((name) => [name, blank])))).toEqual(readConfig({}));
});

describe("a wrong value stops the start with one sentence that names the variable", () => {
  const wrong: [name: string, value: string][] = [
    ["HOST", "0.0.0.0"],
    ["HOST", "::"],
    ["HOST", "192.168.1.20"],
    ["HOST", "textgraph.example"],
    ["HOST", "127.0.0.1.evil.example"],
    ["PORT", "65536"],
    ["PORT", "-1"],
    ["PORT", "4000.5"],
    ["PORT", "0x10"],
    ["PORT", "http"],
    ["LOG_LEVEL", "verbose"],
    ["PIDJ_CONTACTS_LIST", "yes"],
    ["CONTACTS_LIST_MINUTES", "0"],
    ["CONTACTS_LIST_MINUTES", "1441"],
    ["SNAPSHOT_SECONDS", "-5"],
    ["SNAPSHOT_SECONDS", "3601"],
    ["SHARE_OPERATIONS", "true"],
    ["QUERY_TIMEOUT_MS", "0"],
    ["MUTATION_TIMEOUT_MS", "12s"],
    ["CONNECT_TIMEOUT_MS", "1e3"],
    ["READ_TIMEOUT_MS", "600001"],
    ["SEND_TIMEOUT_MS", "soon"],
    ["CORS_ORIGINS", "*"],
    ["CORS_ORIGINS", "https://*.example.org"],
    ["CORS_ORIGINS", "app.example.org"],
    ["CORS_ORIGINS", "https://app.example.org/path"],
    ["CORS_ORIGINS", "https://operator:hunter2@app.example.org"],
    ["PIDJ_BASE_URL", "gopidj.com"],
    ["PIDJ_BASE_URL", "http://gopidj.com/api/2020"],
    ["PIDJ_BASE_URL", "http://127.0.0.1.evil.example/"],
    ["PIDJ_BASE_URL", "ftp://127.0.0.1/"],
    ["TEXTIZEN_BASE_URL", "http://10.0.0.7"],
    ["TEXTIZEN_BASE_URL", "https://operator:hunter2@textizen.com"],
    ["TEXTIZEN_BASE_URL", "https://textizen.com/?auth_token=hunter2"],
    ["TEXTIZEN_BASE_URL", "https://textizen.com/#hunter2"],
    ["TEXTIZEN_TOKEN_IN", "header"],
    ["TEXTIZEN_PARTICIPANT_UPDATE", "both"],
    ["TEXTIZEN_UNSUBSCRIBE", "either"],
    ["TEXTIZEN_SEND_AT_ZONE", "Mars/Olympus"],
    ["TEXTIZEN_SEND_AT_ZONE", "+05:00"],
    ["TEXTIZEN_SEND_AT_ZONE", "america/denver"],
    ["SSO_NEXT_HOSTS", "https://app.example.com"],
    ["SSO_NEXT_HOSTS", "app.example.com/path"],
    ["SSO_NEXT_HOSTS", "*.example.com, *"],
    ["ALLOWED_HOSTS", "https://texts.example.org"],
    ["ALLOWED_HOSTS", "texts.example.org:8443"],
    ["ALLOWED_HOSTS", "texts.example.org, *"],
    ["TRUST_PROXY", "proxy.example.org"],
    ["TRUST_PROXY", "10.0.0.0/33"],
    ["TRUST_PROXY", "10.0.0.1, true"],
    ["TRUST_PROXY", "0.0.0.0/0"],
    ["OPT_OUT_WORDS", ",,"],
    ["OPT_OUT_WORDS", "STOP,-"],
  ];
  test.each(wrong)("%s=%s", (name, value) => {
    const message = refusal({ ...ALL, [name]: value });
    expect(message).toMatch(new RegExp(`^${name} must be .+\\.$`));
    expect(message.split("\n")).toHaveLength(1);
    expect(message).not.toContain("hunter2");
  });

  const half: [env: Env, named: string][] = [
    [{ PIDJ_TOKEN: "hunter2" }, "PIDJ_ACCOUNT_KEY"],
    [{ PIDJ_ACCOUNT_KEY: "account-1", PIDJ_TOKEN: " " }, "PIDJ_TOKEN"],
    [{ TEXTIZEN_PASSWORD: "hunter2" }, "TEXTIZEN_EMAIL"],
    [{ TEXTIZEN_EMAIL: "operator@city.example" }, "TEXTIZEN_PASSWORD"],
    [{ ...TEXTIZEN, TEXTIZEN_AUTH_TOKEN: "hunter2" }, "TEXTIZEN_AUTH_TOKEN"],
    [{ TEXTIZEN_EMAIL: "operator@city.example", TEXTIZEN_AUTH_TOKEN: "hunter2" }, "TEXTIZEN_AUTH_TOKEN"],
  ];
  test.each(half)("credentials that are not whole, or twofold: %j", (env, named) => {
    const message = refusal(env);
    expect(message).toMatch(new RegExp(`^${named} is (not )?set.+\\.$`));
    expect(message).not.toContain("hunter2");
    expect(message).not.toContain("operator@city.example");
  });

  test.each(["PIDJ_TOKEN", "PIDJ_ACCOUNT_KEY", "TEXTIZEN_EMAIL", "TEXTIZEN_PASSWORD", "STORE_URL", "NODE_ENV"])(
    "%s with a control character",
    (name) => {
      for (const value of ["hunter2\nx", "hun\0ter2", "hun\rter2", "hun\u0085ter2"]) {
        expect(refusal({ ...ALL, [name]: value })).toBe(
          `${name} holds a line break or another control character: set it without.`,
        );
      }
    },
  );

  test("a secret with a line break at its end, as a file that it was read out of has it", () => {
    expect(refusal({ ...ALL, PIDJ_TOKEN: "hunter2\n" })).toMatch(/^PIDJ_TOKEN holds a line break/);
  });

  test("even of a platform that has no credentials", () => {
    expect(refusal({ PIDJ_BASE_URL: "http://gopidj.com" })).toMatch(/^PIDJ_BASE_URL must be an https URL/);
    expect(refusal({ TEXTIZEN_TOKEN_IN: "header" })).toMatch(/^TEXTIZEN_TOKEN_IN must be one of body, query\.$/);
  });
});
