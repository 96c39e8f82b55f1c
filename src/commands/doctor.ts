import { statSync } from "node:fs";
import { readKeysFile } from "../access/keys-file.ts";
import { checkCredentials } from "../background/check-credentials.ts";
import { ACCOUNT, type Config, DEFAULT_STORE_URL, readConfig, readSimulation } from "../config.ts";
import { loadEnvFile } from "../env-file.ts";
import { PLATFORM_NAMES, type Platform, StoreError } from "../errors.ts";
import { Versions } from "../freshness/versions.ts";
import { isJsonObject } from "../json.ts";
import { isLoopbackHost } from "../loopback.ts";
import { buildSchema } from "../operations/schema.ts";
import { readTrustedDocuments } from "../operations/trusted-documents.ts";
import { createPidjClient, type PidjClient } from "../pidj/client.ts";
import { explainFailure, type Output, runProgram } from "../program.ts";
import { createUnconfiguredClient } from "../rest/unconfigured.ts";
import { createAttempts } from "../store/attempts.ts";
import { createAuditLog } from "../store/audit.ts";
import { isMemoryStore, openSqliteStore } from "../store/sqlite.ts";
import { createTextizenClient, type TextizenClient } from "../textizen/client.ts";

// `npm run doctor`: asks everything that the server depends on, changes nothing, and says what to do.

/** One line of the table. `cure`: what to do; null if nothing needs to be done. */
interface Finding {
  readonly what: string;
  readonly state: "ok" | "note" | "wrong";
  readonly found: string;
  readonly cure: string | null;
}

type Check = (config: Config) => Promise<Finding>;

/** Seconds by which this machine's clock may differ: signed tokens allow for 30. */
const CLOCK_SECONDS = 30;
const ASK_MS = 5_000;

const ok = (what: string, found: string): Finding => ({ what, state: "ok", found, cure: null });
const note = (what: string, found: string, cure: string): Finding => ({ what, state: "note", found, cure });
const wrong = (what: string, found: string, cure: string): Finding => ({ what, state: "wrong", found, cure });

/** Prints the table. Resolves to the exit code: 0, or 1 if something is wrong. */
export async function runDoctor(environment: NodeJS.ProcessEnv, stdout: Output): Promise<number> {
  const findings = await examine(environment);
  stdout.write(toTable(findings));
  const count = findings.filter(({ state }) => state === "wrong").length;
  stdout.write(count === 0 ? "Nothing is wrong.\n" : `${count} to mend.\n`);
  return count === 0 ? 0 : 1;
}

async function examine(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  let config: Config;
  try {
    config = readConfig(environment);
    if (readSimulation(environment, config)) {
      return [note("configuration", "both platforms are simulated", "Set their credentials to text people.")];
    }
  } catch (error) {
    return [wrong("configuration", "the server does not start", explainFailure(error))];
  }
  const checks: readonly Check[] = [
    checkEnvFile,
    (each) => checkPlatform("PIDJ", each),
    (each) => checkPlatform("TEXTIZEN", each),
    checkClock,
    checkStore,
    checkKeys,
    checkIssuer,
    checkWebhooks,
    checkDocuments,
  ];
  return [
    ok("configuration", "every variable is understood"),
    ...(await Promise.all(checks.map((check) => check(config)))),
  ];
}

async function checkEnvFile(): Promise<Finding> {
  const mode = statSync(".env", { throwIfNoEntry: false })?.mode;
  if (mode === undefined) {
    return ok("secrets", "there is no .env: variables come from the process");
  }
  return (mode & 0o004) === 0
    ? ok("secrets", ".env is closed to other users")
    : wrong("secrets", "every user of this machine can read .env", "chmod o= .env");
}

async function checkPlatform(platform: Platform, { pidj, textizen }: Config): Promise<Finding> {
  const what = PLATFORM_NAMES[platform];
  const options = platform === "PIDJ" ? pidj : textizen;
  if (options === null) {
    return note(what, "not set up", `Set ${CREDENTIALS[platform]} if this account has ${what}.`);
  }
  const versions = new Versions();
  const clients = {
    pidj: pidj === null ? createUnconfiguredClient<PidjClient>("PIDJ") : createPidjClient({ ...pidj, versions }),
    textizen:
      textizen === null
        ? createUnconfiguredClient<TextizenClient>("TEXTIZEN")
        : createTextizenClient({ ...textizen, versions }),
  };
  const began = performance.now();
  const why = await checkCredentials(platform, clients);
  const milliseconds = Math.round(performance.now() - began);
  await Promise.all([clients.pidj.close(), clients.textizen.close()]);
  return why === null
    ? ok(what, `takes our credentials, in ${milliseconds} ms`)
    : wrong(what, why, `Check ${CREDENTIALS[platform]} and ${platform}_BASE_URL (${new URL(options.baseUrl).origin}).`);
}

const CREDENTIALS: Readonly<Record<Platform, string>> = {
  PIDJ: "PIDJ_ACCOUNT_KEY and PIDJ_TOKEN",
  TEXTIZEN: "TEXTIZEN_EMAIL and TEXTIZEN_PASSWORD",
};

/** By the Date header that web servers send (RFC 9110 §6.6.1), with the first platform that has one. */
async function checkClock({ pidj, textizen }: Config): Promise<Finding> {
  for (const { baseUrl } of [pidj, textizen].filter((platform) => platform !== null)) {
    const began = Date.now();
    const answer = await ask(new URL("/", baseUrl).href);
    const theirs = Date.parse(answer?.headers.get("date") ?? "");
    if (!Number.isNaN(theirs)) {
      // The header has whole seconds.
      const seconds = Math.round((began + Date.now()) / 2 - theirs - 500) / 1_000;
      return Math.abs(seconds) <= CLOCK_SECONDS
        ? ok("clock", "agrees with the platform's")
        : wrong(
            "clock",
            `${Math.round(seconds)} s away from the platform's`,
            "Set it by NTP: timedatectl set-ntp true",
          );
    }
  }
  return note("clock", "no platform said what time it is", "Compare it with another machine's.");
}

async function checkStore({ storeUrl, auditKeptDays }: Config): Promise<Finding> {
  const url = storeUrl ?? DEFAULT_STORE_URL;
  try {
    const store = openSqliteStore(url, ACCOUNT);
    try {
      // Nothing is changed, and the right to write is asked for.
      await store.commit([], { durable: true });
      const now = () => new Date();
      const audit = createAuditLog(store, { now, keptMilliseconds: auditKeptDays * 86_400_000, warn: () => undefined });
      const unknown = await createAttempts(store, { now, audit }).unknown();
      if (unknown.length > 0) {
        return note("store", `sends of unknown outcome: ${unknown.length}`, "npm run attempts shows and settles them.");
      }
      return isMemoryStore(url)
        ? note("store", "in memory: a restart forgets which texts went out", "Set STORE_URL to a file.")
        : ok("store", "can be read and written");
    } finally {
      await store.close();
    }
  } catch (error) {
    return wrong("store", error instanceof StoreError ? error.message : explainFailure(error), "See STORE_URL.");
  }
}

async function checkKeys({ access, host }: Config): Promise<Finding> {
  if (access === null) {
    return note("callers", `anybody on this machine (${host})`, "Before others call it: npm run keys:create.");
  }
  if (access.keysFile === null) {
    return ok("callers", "by tokens only");
  }
  try {
    const keys = readKeysFile(access.keysFile);
    const valid = keys.filter(({ expires }) => expires === null || expires > new Date());
    const isOpen = (statSync(access.keysFile).mode & 0o002) !== 0;
    if (isOpen) {
      return wrong("callers", "every user can add a key", `chmod o-w ${access.keysFile}`);
    }
    return valid.length > 0 || access.tokens !== null
      ? ok("callers", `valid keys: ${valid.length}, expired: ${keys.length - valid.length}`)
      : wrong("callers", "no key is valid", "npm run keys:create makes one.");
  } catch (error) {
    return wrong("callers", explainFailure(error), "See API_KEYS_FILE.");
  }
}

async function checkIssuer({ access }: Config): Promise<Finding> {
  const url = access?.tokens?.jwksUrl;
  if (url === undefined) {
    return ok("tokens", "not used");
  }
  const answer = await ask(url);
  const body: unknown = await answer?.json().catch(() => null);
  return isJsonObject(body) && Array.isArray(body["keys"]) && body["keys"].length > 0
    ? ok("tokens", `keys of the issuer: ${body["keys"].length}`)
    : wrong("tokens", "the issuer's keys cannot be read", "Check JWKS_URL: it must answer with a JSON Web Key Set.");
}

async function checkWebhooks({ events: { webhookSecrets, publicUrl } }: Config): Promise<Finding> {
  if (webhookSecrets.length === 0) {
    return note("webhooks", "off: no STOP is heard", "Set WEBHOOK_SECRET (openssl rand -hex 32) and PUBLIC_URL.");
  }
  if (publicUrl === null || isLoopbackHost(new URL(publicUrl).hostname)) {
    return wrong("webhooks", "no platform can reach this server", "Set PUBLIC_URL to its public https address.");
  }
  const answer = await ask(`${publicUrl.replace(/\/+$/, "")}/health`);
  const body: unknown = await answer?.json().catch(() => null);
  return isJsonObject(body) && body["status"] === "ok"
    ? ok("webhooks", "PUBLIC_URL leads to a running server")
    : wrong("webhooks", "PUBLIC_URL leads to no running textgraph", "Start it, and check the proxy and DNS.");
}

async function checkDocuments({ trustedDocuments }: Config): Promise<Finding> {
  if (trustedDocuments === null) {
    return ok("documents", "clients may run any");
  }
  try {
    readTrustedDocuments(trustedDocuments, buildSchema());
    return ok("documents", "every trusted document fits the schema");
  } catch (error) {
    return wrong("documents", explainFailure(error), "npm run documents:extract makes a manifest.");
  }
}

/** Null if there is no answer. Its redirects are not followed, and it has no credential. */
function ask(url: string): Promise<Response | null> {
  return fetch(url, { redirect: "manual", signal: AbortSignal.timeout(ASK_MS) }).catch(() => null);
}

const SIGNS: Readonly<Record<Finding["state"], string>> = { ok: "ok   ", note: "note ", wrong: "WRONG" };

function toTable(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  return findings
    .map(({ what, state, found, cure }) => {
      const line = `${SIGNS[state]}  ${what.padEnd(width)}  ${found}\n`;
      return cure === null ? line : `${line}${" ".repeat(width + 9)}→ ${cure}\n`;
    })
    .join("");
}

if (import.meta.main) {
  runProgram(() => runDoctor(loadEnvFile(process.env), process.stdout));
}
