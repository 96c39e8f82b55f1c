import { toUtf8 } from "../charset.ts";
import { type Platform, PlatformError } from "../errors.ts";
import { parseJson } from "../json.ts";
import type { RawAnswer, Route } from "./exchange.ts";
import { LARGE_BYTES, parseLargeJson } from "./large-json.ts";
import { parseRetryAfter } from "./repeats.ts";

/** An answer that the platform's client decodes: its status is 2xx, or 4xx but not 429. */
export interface Answer {
  readonly status: number;
  /** The JSON value; undefined if there is no body, or, in a 4xx, none that can be read. */
  readonly body: unknown;
  /** Number of rows without a usable id; the decoder counts them. */
  skippedRows: number;
}

/** True if a redirect to this place says that our session has ended. */
type IsSignInPage = (location: string, route: Route) => boolean;

/** Checks an answer by the rules that both platforms share; a large one in several turns. Throws PlatformError. */
export function readAnswer(
  raw: RawAnswer,
  platform: Platform,
  route: Route,
  isSignInPage: IsSignInPage,
): Answer | Promise<Answer> {
  if (raw.status >= 300) {
    requireReadable(raw, platform, route, isSignInPage);
  }
  const contentType = textOf(raw.headers["content-type"]) ?? "";
  const encoding = textOf(raw.headers["content-encoding"])?.trim() ?? "";
  const isEncoded = encoding !== "" && encoding.toLowerCase() !== "identity";
  const content = contentOf(raw.body, contentType);
  if (content === "" || isEncoded) {
    const why = content === "" ? null : "encoded, though identity was asked for";
    return toAnswer(platform, route, raw.status, undefined, why);
  }
  const finish = (value: unknown) => {
    // Under another content type, a text or a number may be anything; an object or a list is the platform's JSON.
    const body = isJsonType(contentType) || (typeof value === "object" && value !== null) ? value : undefined;
    return toAnswer(platform, route, raw.status, body, "not JSON");
  };
  return typeof content === "string"
    ? finish(parseJson(content))
    : // The SyntaxError is not passed on, because it quotes the content.
      parseLargeJson(content)
        .catch(() => undefined)
        .then(finish);
}

/** `why`: what is wrong with a body of which there is no value; null if there is no body. */
function toAnswer(platform: Platform, route: Route, status: number, body: unknown, why: string | null): Answer {
  if (body === undefined && why !== null && status < 300) {
    throw new PlatformError(platform, "shape", `${route}: the answer is ${why}`, { status });
  }
  return { status, body, skippedRows: 0 };
}

/** Throws PlatformError for the statuses that say all there is to say. */
function requireReadable(raw: RawAnswer, platform: Platform, route: Route, isSignInPage: IsSignInPage): void {
  const { status } = raw;
  const retryAfterSeconds =
    status === 429 || status === 503 ? parseRetryAfter(textOf(raw.headers["retry-after"])) : null;
  const details = { status, retryAfterSeconds };
  if (status === 429) {
    throw new PlatformError(platform, "rate-limited", `${route}: asked to wait`, { ...details, mayHaveTaken: false });
  }
  if (status >= 500) {
    throw new PlatformError(platform, "unreachable", `${route}: HTTP status ${status}`, details);
  }
  if (status < 400) {
    if (isSignInPage(textOf(raw.headers.location) ?? "", route)) {
      throw new PlatformError(platform, "unauthorized", `${route}: asked to sign in`, { status, mayHaveTaken: false });
    }
    throw new PlatformError(platform, "shape", `${route}: a redirect, which is not followed`, details);
  }
}

/** As text without outer blanks, unless it is large. */
function contentOf(body: Buffer | null, contentType: string): string | Buffer {
  const utf8 = body === null ? Buffer.alloc(0) : toUtf8(body, contentType);
  return utf8.length < LARGE_BYTES ? utf8.toString().trim() : utf8;
}

/** RFC 6839 §3.1 for `+json`. Without a content type, the body decides. */
function isJsonType(contentType: string): boolean {
  if (contentType === "application/json") {
    return true;
  }
  const end = contentType.indexOf(";");
  const type = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return type === "" || type === "application/json" || type.endsWith("+json");
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
