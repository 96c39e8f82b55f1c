import { PlatformError } from "../errors.ts";

/** An error as it is written down. */
type WrittenError = {
  readonly type: string;
  readonly code?: string;
  /** Empty for an error that is not this server's own. */
  readonly message: string;
  /** Where it was thrown: functions, files and lines. */
  readonly stack: string;
  readonly cause?: WrittenError;
  readonly platform?: string;
  readonly reason?: string;
  readonly status?: number | null;
};

/** Errors whose message this server wrote, without a value of anybody. Names, because `access` has some of them. */
const OWN_ERRORS: ReadonlySet<string> = new Set(["PlatformError", "StoreError", "KeysFileError", "ConfigError"]);
const MOST_FRAMES = 20;
const MOST_CAUSES = 5;
const FRAME = /^ {4}at (?:[\w$.<>[\] #]+ )?\(?(?:file:\/\/|node:|\/|[A-Z]:\\)[^()]*:\d+:\d+\)?$/;

/**
 * An error without any value that it may quote. JavaScript's and Node's own messages quote what they could not use, and a
 * platform's sentence may contain a name, a number or a text; so only messages of this server's own errors are kept.
 */
export function describeError(error: unknown, depth = 0): WrittenError {
  if (!(error instanceof Error)) {
    return { type: "not an error", message: "", stack: "" };
  }
  const code = "code" in error ? codeOf(error.code, "severity" in error) : null;
  return {
    type: wordOf(error.name) ?? "Error",
    ...(code !== null && { code }),
    message: OWN_ERRORS.has(error.name) ? withoutPersonal(error.message) : "",
    stack: framesOf(error),
    ...(error.cause instanceof Error && depth < MOST_CAUSES && { cause: describeError(error.cause, depth + 1) }),
    ...(error instanceof PlatformError && { platform: error.platform, reason: error.reason, status: error.status }),
  };
}

function framesOf({ stack = "", message }: Error): string {
  // The message comes first, and may have lines that look like frames.
  const at = stack.indexOf(message);
  const frames = at < 0 ? stack : stack.slice(at + message.length);
  return frames
    .split("\n")
    .filter((line) => FRAME.test(line))
    .slice(0, MOST_FRAMES)
    .join("\n");
}

/**
 * `ECONNREFUSED`, `ERR_INVALID_URL`: words of a fixed list that Node and its libraries have. An error with a severity is
 * PostgreSQL's answer, whose codes (`53300`) begin with a digit too.
 */
function codeOf(code: unknown, isOfDatabase: boolean): string | null {
  const form = isOfDatabase ? /^[A-Z0-9]{5}$/ : /^[A-Z][A-Z0-9_]{1,60}$/;
  return typeof code === "string" && form.test(code) ? code : null;
}

function wordOf(name: string): string | null {
  return /^[A-Za-z]{1,60}$/.test(name) ? name : null;
}

const LONGEST_MESSAGE = 300;
const URLS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]*/gi;
const WEBHOOK_PATHS = /(\/webhooks\/[a-z]+\/)[^\s"'/?]+/g;
const ADDRESSES = /[^\s"'<>@]+@[^\s"'<>@]+/g;
const NUMBERS = /\+?\d(?:[\s().-]{0,2}\d){6,}/g;

/**
 * The second wall, for sentences of this server: whatever looks like a URL, an e-mail address or a phone number is left
 * out, should one ever get into a sentence.
 */
export function withoutPersonal(text: string): string {
  return text
    .slice(0, LONGEST_MESSAGE)
    .replace(URLS, "$1…")
    .replace(WEBHOOK_PATHS, "$1…")
    .replace(ADDRESSES, "…")
    .replace(NUMBERS, "…");
}
