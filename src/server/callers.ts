import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Access, Credential } from "../access/access.ts";
import type { Caller } from "../access/caller.ts";
import { FAILURES } from "../operations/failures.ts";
import { sendFailure } from "./http.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The caller; null before it is known, and for a browser that only opens the page. */
    caller: Caller | null;
  }
}

/** The credentials in a request. */
export function credentialOf(headers: IncomingHttpHeaders): Credential {
  const apiKey = headers["x-api-key"];
  return { apiKey: Array.isArray(apiKey) ? apiKey.join(",") : apiKey, authorization: headers.authorization };
}

/**
 * A hook that refuses requests without a valid credential. `hasPage`: whether a browser is shown the explorer, for which it
 * needs none.
 */
export function createCallerHook(access: Access, { hasPage }: { readonly hasPage: boolean }) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const admit = (caller: Caller | null) => {
      request.caller = caller;
      if (caller !== null || (hasPage && isPage(request))) {
        done();
      } else {
        // RFC 9110 §11.6.1: a 401 says how to authenticate.
        sendFailure(reply.header("www-authenticate", "Bearer"), FAILURES.unauthenticated);
      }
    };
    const caller = access.identify(credentialOf(request.headers));
    if (caller instanceof Promise) {
      caller.then(admit, done);
    } else {
      admit(caller);
    }
  };
}

/** The caller. Throws if the request has not passed the hook. */
export function requireCaller({ caller }: FastifyRequest): Caller {
  if (caller === null) {
    throw new Error("an operation without a caller");
  }
  return caller;
}

/** Whether a browser opens the page. */
export function isPage(request: FastifyRequest): boolean {
  const { accept = "" } = request.headers;
  return isEmpty(request) && PAGES.has(request.routeOptions.url ?? "") && IS_PAGE.test(accept);
}

/** Whether a GET contains no operation, neither as text nor by its hash. */
export function isEmpty({ method, query }: FastifyRequest): boolean {
  return method === "GET" && !WITH_OPERATION.some((parameter) => parameter in (query as object));
}

const WITH_OPERATION = ["query", "extensions", "documentId", "id"];
// An event stream is never the page.
const IS_PAGE = /^(?!.*\btext\/event-stream\b).*\btext\/html\b/i;
const PAGES: ReadonlySet<string> = new Set(["/", "/graphql"]);
