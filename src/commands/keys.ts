import { parseArgs } from "node:util";
import { addApiKey, removeApiKey } from "../access/api-keys.ts";
import { KeysFileError, parseExpiry, parseRate, parseScopes, readKeysFile } from "../access/keys-file.ts";
import { ROUTER_SCOPE, SCOPES } from "../access/scopes.ts";
import { loadEnvFile } from "../env-file.ts";
import { runProgram } from "../program.ts";

/** What the program uses from its environment. */
export interface KeysSurroundings {
  /** The keys file, as the server reads it (`API_KEYS_FILE`); undefined if it is not set. */
  readonly path: string | undefined;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly now: () => Date;
}

interface Output {
  write(text: string): unknown;
}

const USAGE = `Usage: npm run keys:create -- --name NAME --scopes SCOPE,SCOPE,…
         [--expires DATE] [--calls-per-minute N] [--recipients-per-minute N]
       npm run keys:list
       npm run keys:revoke -- --name NAME
Scopes: ${SCOPES.join(" ")}, or ${ROUTER_SCOPE} alone
`;

const OPTIONS = {
  name: { type: "string" },
  scopes: { type: "string" },
  expires: { type: "string" },
  "calls-per-minute": { type: "string" },
  "recipients-per-minute": { type: "string" },
} as const;

/**
 * Makes, lists or revokes API keys; a running server takes the change within a second. Resolves to the exit code: 0 when
 * it was done, 1 when it cannot be, 2 for a wrong call.
 */
export async function runKeys(argv: readonly string[], surroundings: KeysSurroundings): Promise<number> {
  const { path, stdout, stderr } = surroundings;
  const [command, ...rest] = argv;
  const options = readOptions(rest);
  if (options === null || !["create", "list", "revoke"].includes(command ?? "")) {
    stderr.write(USAGE);
    return 2;
  }
  if (path === undefined) {
    stderr.write(
      "API_KEYS_FILE is not set: set it where the server reads it, API_KEYS_FILE=./data/api-keys.json in .env.\n",
    );
    return 1;
  }
  if (command === "list") {
    stdout.write(describe(path, surroundings.now()));
    return 0;
  }
  const { name } = options;
  if (name === undefined) {
    stderr.write(`--name is missing.\n${USAGE}`);
    return 2;
  }
  try {
    if (command === "revoke") {
      removeApiKey(path, name);
      stdout.write(`Revoked ${name}: a running server refuses it within a second.\n`);
    } else {
      stdout.write(`${create(path, name, options, surroundings.now())}\n`);
      stderr.write("That is the key, shown this once: it is sent as x-api-key, or as authorization: Bearer.\n");
    }
    return 0;
  } catch (error) {
    if (error instanceof KeysFileError) {
      stderr.write(`${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

type Options = { readonly [Name in keyof typeof OPTIONS]?: string | undefined };

function readOptions(argv: readonly string[]): Options | null {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false }).values;
  } catch {
    return null;
  }
}

function create(path: string, name: string, options: Options, now: Date): string {
  const scopes = (options.scopes ?? "").split(",").map((scope) => scope.trim());
  const expires = parseExpiry(options.expires, "--expires");
  if (expires !== null && expires <= now) {
    throw new KeysFileError("--expires has passed already: the key would never be accepted.");
  }
  return addApiKey(path, {
    name,
    scopes: parseScopes(scopes, "--scopes"),
    expires,
    callsPerMinute: parseRate(numberOf(options["calls-per-minute"]), "--calls-per-minute"),
    recipientsPerMinute: parseRate(numberOf(options["recipients-per-minute"]), "--recipients-per-minute"),
  });
}

function numberOf(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function describe(path: string, now: Date): string {
  const keys = readKeysFile(path, { orEmpty: true });
  const lines = keys.map(({ name, scopes, expires }) => {
    const isOver = expires !== null && expires <= now;
    const until = expires === null ? "" : `  ${isOver ? "ended" : "until"} ${expires.toISOString()}`;
    return `${name}  ${scopes.join(",")}${until}\n`;
  });
  return keys.length === 0 ? `There are no keys in ${path}.\n` : lines.join("");
}

/** The program: `npm run keys:create`, `keys:list` and `keys:revoke`. */
async function main(): Promise<number> {
  const path = loadEnvFile(process.env)["API_KEYS_FILE"]?.trim() || undefined;
  const { stdout, stderr } = process;
  return runKeys(process.argv.slice(2), { path, stdout, stderr, now: () => new Date() });
}

if (import.meta.main) {
  runProgram(main);
}
