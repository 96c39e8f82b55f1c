import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SCOPES } from "../src/access/scopes.ts";
import { project, startCommand } from "./checkouts.ts";
import { withNewGlibc } from "./glibc.ts";
import type { Operation } from "./operations.ts";
import type { Command } from "./processes.ts";
import { API_KEY } from "./wire.ts";

/** Where everything listens, on 127.0.0.1. The peers' configuration files name them too. */
export const PLATFORM_PORT = 4180;
export const CONTROL_PORT = 4181;
export const SERVER_PORT = 4182;

/** A GraphQL server under test. */
export interface Server {
  readonly name: string;
  /** What starts it; throws, with the reason, where it cannot be run on this machine. */
  readonly command: () => Command;
  /** The operations in its own spelling; what they ask for is the same for all. */
  readonly documents: Readonly<Record<Operation["name"], string>>;
  readonly variables?: (operation: Operation) => Readonly<Record<string, string>>;
  /** From the shape of its data to the common one. */
  readonly unwrap?: (data: unknown) => unknown;
}

export const OURS = "textgraph";
export const TAILCALL = "Tailcall";
export const BASELINE = "hand-written";
/** The bare server: what Node.js can do at most. */
export const LIMIT = "bare";

const here = import.meta.dirname;
const cache = join(here, ".cache");
const modules = join(here, "node_modules");

const documents = {
  person: `query Person($contact: ID!, $participant: ID!) {
  contact(id: $contact) { firstName lastName emailAddress displayPhoneNumber }
  participant(id: $participant) { id name displayPhoneNumber campaign { id title description } }
}`,
  list: "query List { participants(first: 20) { nodes { id name displayPhoneNumber } } }",
};

/** The variables of this project's server, as in production: with API keys, and limits that this load does not reach. */
export function environmentOf(port: number): Readonly<Record<string, string>> {
  return {
    API_KEYS_FILE: writeKeysFile(),
    CALLS_PER_MINUTE: "100000000",
    OBJECTS_PER_MINUTE: "1000000000",
    PORT: String(port),
    PIDJ_BASE_URL: `http://127.0.0.1:${PLATFORM_PORT}/pidj`,
    PIDJ_ACCOUNT_KEY: "account",
    PIDJ_TOKEN: "token",
    TEXTIZEN_BASE_URL: `http://127.0.0.1:${PLATFORM_PORT}/textizen`,
    TEXTIZEN_AUTH_TOKEN: "bench",
    SNAPSHOT_SECONDS: "30",
    STORE_URL: "sqlite::memory:",
    LOG_LEVEL: "warn",
  };
}

function writeKeysFile(): string {
  const path = join(cache, "keys.json");
  const sha256 = createHash("sha256").update(API_KEY).digest("hex");
  mkdirSync(cache, { recursive: true });
  writeFileSync(path, JSON.stringify([{ name: "bench", sha256, scopes: SCOPES }]), { mode: 0o600 });
  return path;
}

export const textgraph: Server = {
  name: OURS,
  command: () => startCommand(project, environmentOf(SERVER_PORT)),
  documents,
  variables: ({ variables }) =>
    "participant" in variables ? { ...variables, participant: `participant:${variables["participant"]}` } : variables,
};

const tailcall: Server = {
  name: TAILCALL,
  command: () => {
    const binary = join(modules, "@tailcallhq/core-linux-x64-gnu/bin/tailcall");
    if (!existsSync(binary)) {
      throw new Error("npm has no binary of it for this machine");
    }
    return {
      ...withNewGlibc(binary, ["start", join(here, "peers/tailcall.graphql")], cache),
      env: { TAILCALL_TRACKER: "false", TC_TRACKER: "false", TAILCALL_LOG_LEVEL: "error" },
    };
  },
  documents: { ...documents, list: "query List { participants { id name displayPhoneNumber } }" },
  unwrap: (data) => (hasRows(data) ? { participants: { nodes: data.participants.slice(0, 20) } } : data),
};

const hive: Server = {
  name: "Hive Gateway",
  command: () => {
    const supergraph = join(cache, "supergraph.graphql");
    rmSync(supergraph, { force: true });
    const compose = [join(modules, ".bin/mesh-compose"), "-c", "peers/hive/mesh.config.ts", "-o", supergraph];
    execFileSync(process.execPath, compose, { cwd: here, stdio: "ignore" });
    return {
      file: process.execPath,
      args: [
        join(modules, ".bin/hive-gateway"),
        "supergraph",
        "supergraph.graphql",
        "-c",
        "../peers/hive/gateway.config.ts",
      ],
      cwd: cache,
    };
  },
  documents: {
    person: `query Person($contact: String, $participant: String) {
  contact(id: $contact) {
    contact { firstName: first_name lastName: last_name emailAddress: email_address displayPhoneNumber: phone_number }
  }
  participant(id: $participant) { id name displayPhoneNumber: phone_number campaign { id title description } }
}`,
    list: "query List { participants(first: 20) { nodes { id name displayPhoneNumber: phone_number } } }",
  },
  unwrap: (data) => (hasWrappedContact(data) ? { ...data, contact: data.contact.contact } : data),
};

const baseline: Server = {
  name: BASELINE,
  command: () => ({
    file: process.execPath,
    args: [join(here, "baseline.ts"), String(SERVER_PORT), String(PLATFORM_PORT)],
  }),
  documents,
};

/**
 * In this order each has what those before it have, apart from `apollo`: that is `graphql-js` and `dataloader` behind Apollo
 * Server. `memory` and `fastify-memory` answer a body that they have answered before from memory, with no GraphQL at all: what
 * `identical` could be at most. See rungs.ts.
 */
export const RUNGS = [
  LIMIT,
  "fastify",
  "graphql-js",
  "dataloader",
  "shared",
  "timed",
  "apollo",
  "memory",
  "fastify-memory",
] as const;

/** Only the first is measured if no server is named. */
export const rungs: readonly Server[] = RUNGS.map((name) => ({
  name,
  command: () => commandOfRung(name, SERVER_PORT),
  documents,
}));

export function commandOfRung(name: string, port: number): Command {
  return { file: process.execPath, args: [join(here, "rungs.ts"), name, String(port), String(PLATFORM_PORT)] };
}

/** Those that need the packages of bench/package.json. */
export const peers: readonly Server[] = [tailcall, hive, baseline];

/** In the order in which they run. */
export const servers: readonly Server[] = [textgraph, ...peers, ...rungs];

function hasRows(data: unknown): data is { participants: unknown[] } {
  return typeof data === "object" && data !== null && "participants" in data && Array.isArray(data.participants);
}

function hasWrappedContact(data: unknown): data is { contact: { contact: unknown } } {
  if (typeof data !== "object" || data === null || !("contact" in data)) {
    return false;
  }
  const { contact } = data;
  return typeof contact === "object" && contact !== null && "contact" in contact;
}
