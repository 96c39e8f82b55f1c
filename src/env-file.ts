import { lstatSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { ConfigError } from "./environment.ts";

// One assignment in the form that parseEnv reads; a quoted value may have several lines.
const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*=(?:[ \t]*("[^"]*"|'[^']*'|`[^`]*`))?.*$/gm;
const COMMENT = /^[ \t]*#.*$/gm;

/**
 * Adds the variables of `.env` in the working directory to those of the process, and returns them. Variables that are
 * already set stay. A missing file adds nothing. A file that cannot be read as a whole throws a ConfigError, because
 * without its credentials the server would not do what was meant.
 *
 * Node's own --env-file-if-exists ignores a file that it cannot read, a byte order mark, and lines that assign nothing.
 */
export function loadEnvFile(environment: NodeJS.ProcessEnv, path = ".env"): NodeJS.ProcessEnv {
  const bytes = read(path);
  if (bytes !== null) {
    const variables = parseEnv(check(decode(bytes)));
    for (const [name, value] of Object.entries(variables)) {
      environment[name] ??= value;
    }
  }
  return environment;
}

function read(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    // A broken link counts as a file that cannot be read.
    if (code === "ENOENT" && lstatSync(path, { throwIfNoEntry: false }) === undefined) {
      return null;
    }
    throw new ConfigError(
      code === "EISDIR"
        ? ".env is a folder: make it a file of NAME=value lines, or move it away."
        : `.env cannot be read (${code}): let the user that runs this program read it, or move it away.`,
    );
  }
}

/** The text, without a byte order mark and with `\n` alone at the end of lines. */
function decode(bytes: Buffer): string {
  // UTF-16 text contains zero bytes, which no variable can contain.
  if (bytes.includes(0) || /^(\xFF\xFE|\xFE\xFF)/.test(bytes.toString("latin1", 0, 2))) {
    throw new ConfigError(".env is not UTF-8, but UTF-16 or binary: save it as UTF-8.");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replaceAll(/\r\n?/g, "\n");
  } catch {
    throw new ConfigError(".env is not UTF-8: save it as UTF-8.");
  }
}

function check(text: string): string {
  const linesAlone = (match: string) => match.replaceAll(/[^\n]/g, "");
  const rest = text.replaceAll(ASSIGNMENT, linesAlone).replaceAll(COMMENT, "");
  const line = rest.split("\n").findIndex((each) => each.trim() !== "");
  if (line >= 0) {
    // The line is not quoted, because it may contain a secret.
    throw new ConfigError(
      `.env, line ${line + 1}: expected NAME=value, a comment that begins with #, or a blank line.`,
    );
  }
  return text;
}
