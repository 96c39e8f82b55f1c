import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import helmet from "helmet";

const NOTHING = {
  "default-src": ["'none'"],
  "base-uri": ["'none'"],
  "form-action": ["'none'"],
  "frame-ancestors": ["'none'"],
};
const APOLLO = "https://*.apollographql.com";
const TWO_YEARS = "max-age=63072000; includeSubDomains";

/**
 * Headers that keep browsers from doing with an answer what nobody meant: to load or frame anything, to guess its type,
 * to keep it, or to tell other sites its URL. `isBehindTls`: clients reach this server by https only.
 */
export function addHeaders(http: FastifyInstance, isBehindTls: boolean): void {
  const headers = { ...protectiveHeaders(), "cache-control": "no-store" };
  http.addHook("onRequest", (request, reply, done) => {
    reply.headers(headers).header("x-request-id", request.id);
    if (isBehindTls || request.protocol === "https") {
      reply.header("strict-transport-security", TWO_YEARS);
    }
    done();
  });
  http.addHook("onSend", (request, reply, payload, done) => {
    if (typeof payload === "string" && String(reply.getHeader("content-type")).startsWith("text/html")) {
      const isOwn = request.url.startsWith("/explorer");
      reply.header("content-security-policy", isOwn ? ownPolicy(payload, request) : sandboxPolicy(payload, request));
      // Signing in to Apollo opens a window that must find this one.
      reply.header("cross-origin-opener-policy", "same-origin-allow-popups");
    }
    done();
  });
}

/** Helmet's headers. They are the same for every answer, so they are made once, and not by its plugin for each request. */
function protectiveHeaders(): OutgoingHttpHeaders {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const setHeaders = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: NOTHING },
    frameguard: { action: "deny" },
    referrerPolicy: { policy: "no-referrer" },
    // Sent with each answer, and over https only (RFC 6797 §7.2).
    strictTransportSecurity: false,
    // These concern pages only, and the one page that there is has its own headers.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
  setHeaders(response.req, response, () => undefined);
  return response.getHeaders();
}

/** The policy of our own explorer: this server's scripts, and the page's with its nonce. Its editor sets styles by script. */
function ownPolicy(page: string, { host }: FastifyRequest): string {
  return toPolicy({
    "default-src": "'none'",
    "script-src": `'self'${nonceOf(page)}`,
    "worker-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self' data:",
    "img-src": "'self' data:",
    "connect-src": `'self'${socketsOf(host)}`,
    ...LOCKED,
  });
}

/** What a page's own parts may load: the explorer's editors work in workers, to which their file's policy applies. */
export const ASSET_POLICY = "default-src 'self'";

/**
 * The policy of Apollo Sandbox's page: scripts and styles with the page's own nonce and from Apollo's servers, and
 * connections to this server alone.
 */
function sandboxPolicy(page: string, { host }: FastifyRequest): string {
  const own = nonceOf(page);
  return toPolicy({
    "default-src": "'none'",
    "script-src": `${APOLLO}${own}`,
    "style-src": `${APOLLO} https://fonts.googleapis.com${own}`,
    "font-src": "https://fonts.gstatic.com",
    "img-src": `${APOLLO}`,
    "manifest-src": `${APOLLO}`,
    "frame-src": `${APOLLO}`,
    "connect-src": `'self'${socketsOf(host)}`,
    ...LOCKED,
  });
}

const LOCKED = { "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'" };

function nonceOf(page: string): string {
  const nonce = /<script nonce="([0-9a-f]+)"/.exec(page)?.[1];
  return nonce === undefined ? "" : ` 'nonce-${nonce}'`;
}

/** Some browsers take 'self' for http alone. */
function socketsOf(host: string): string {
  return /^[\w.[\]:-]+$/.test(host) ? ` ws://${host} wss://${host}` : "";
}

function toPolicy(directives: Readonly<Record<string, string>>): string {
  return Object.entries(directives)
    .map((directive) => directive.join(" "))
    .join("; ");
}
