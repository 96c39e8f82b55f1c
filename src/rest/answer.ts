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

/** The platform and call of an answer. */
interface Source {
  readonly platform: Platform;
  readonly route: Route;
  /** True if a redirect to this place says that our session has ended. */
  readonly isSignInPage: (location: string, route: Route) => boolean;
}

/** Checks an answer by the rules that both platforms share. Throws PlatformError. */
export async function readAnswer(raw: RawAnswer, { platform, route, isSignInPage }: Source): Promise<Answer> {
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
  if (status >= 300 && status < 400) {
    if (isSignInPage(textOf(raw.headers.location) ?? "", route)) {
      throw new PlatformError(platform, "unauthorized", `${route}: asked to sign in`, { status, mayHaveTaken: false });
    }
    throw new PlatformError(platform, "shape", `${route}: a redirect, which is not followed`, details);
  }
  const contentType = textOf(raw.headers["content-type"]) ?? "";
  const content = contentOf(raw.body, contentType);
  const isEmpty = content === "";
  const isEncoded = !/^(?:identity)?$/i.test(textOf(raw.headers["content-encoding"])?.trim() ?? "");
  const value = isEmpty || isEncoded ? undefined : await parseContent(content);
  // Under another content type, a text or a number may be anything; an object or a list is the platform's JSON.
  const body = isJsonType(contentType) || (typeof value === "object" && value !== null) ? value : undefined;
  if (body === undefined && !isEmpty && status < 300) {
    const why = isEncoded ? "encoded, though identity was asked for" : "not JSON";
    throw new PlatformError(platform, "shape", `${route}: the answer is ${why}`, details);
  }
  return { status, body, skippedRows: 0 };
}

/** Undefined if the content is not JSON. The SyntaxError is not passed on, because it quotes the content. */
async function parseContent(content: string | Buffer): Promise<unknown> {
  return typeof content === "string" ? parseJson(content) : await parseLargeJson(content).catch(() => undefined);
}

/** As text without outer blanks, unless it is large. */
function contentOf(body: Buffer | null, contentType: string): string | Buffer {
  const utf8 = body === null ? Buffer.alloc(0) : toUtf8(body, contentType);
  return utf8.length < LARGE_BYTES ? utf8.toString().trim() : utf8;
}

/** RFC 6839 §3.1 for `+json`. Without a content type, the body decides. */
function isJsonType(contentType: string): boolean {
  const end = contentType.indexOf(";");
  const type = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return type === "" || type === "application/json" || type.endsWith("+json");
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
