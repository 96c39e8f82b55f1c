import type { IncomingHttpHeaders } from "node:http";
import { isLoopbackHost } from "../loopback.ts";
import { FAILURES, type Failure } from "../operations/failures.ts";

// The origin of Apollo's explorer, if it is not embedded.
const STUDIO = "https://studio.apollographql.com";

/** Decides which web pages may query this server. Programs that are no browsers send no origin and may always. */
export interface Origins {
  /** Whether pages of any other origin may query. */
  readonly areAny: boolean;
  /** Whether pages of another origin may read answers (CORS). */
  mayAsk(origin: string): boolean;
  /**
   * Whether a page may open a WebSocket. CORS does not cover WebSockets: every page may open one, and the browser only
   * says from which origin (RFC 6455 §10.2).
   */
  mayConnect(headers: { readonly origin?: string | undefined; readonly host?: string | undefined }): boolean;
}

/**
 * Pages of the origins in `CORS_ORIGINS` may query. In development, so may Apollo's explorer and pages of other servers
 * on this machine, because frontends are developed there.
 */
export function createOrigins(isProduction: boolean, corsOrigins: readonly string[]): Origins {
  const named = new Set(isProduction ? corsOrigins : [...corsOrigins, STUDIO]);
  const mayAsk = (origin: string) =>
    named.has(origin) || (!isProduction && URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname));
  return {
    areAny: !isProduction || named.size > 0,
    mayAsk,
    mayConnect: ({ origin, host }) => origin === undefined || isOwn(origin, host ?? "") || mayAsk(origin),
  };
}

/** Whether a page is of this server itself. Letter case and a final dot of the host name do not matter. */
function isOwn(origin: string, host: string): boolean {
  const own = host.toLowerCase().replace(/\.(?=:|$)/, "");
  return [`http://${own}`, `https://${own}`].includes(origin.toLowerCase().replace(/\.(?=:\d|$)/, ""));
}

/** The name in a Host header (RFC 9110 §7.2), without the port. */
export function hostnameOf(host: string | undefined): string {
  return (host ?? "").replace(/:\d+$/, "");
}

export interface HostsOptions {
  /** Host names of this server, besides the loopback names. */
  readonly names: readonly string[];
  /** The host name of PUBLIC_URL; null if there is none. */
  readonly publicName: string | null;
  /** True while authentication is off. Then only this machine may query. */
  readonly isOpen: boolean;
}

/** Decides from where and by which host name this server may be queried. */
export interface Hosts {
  /** Why the request is refused; null if it is not. `hostname`: without a port; letter case and a final dot do not matter. */
  refusalOf(hostname: string, headers: IncomingHttpHeaders): Failure | null;
}

export function createHosts({ names, publicName, isOpen }: HostsOptions): Hosts {
  const named = new Set(names.map(bare));
  const publicHost = publicName === null ? null : bare(publicName);
  return {
    refusalOf: (hostname, headers) => {
      const name = bare(hostname);
      if (isOpen && (name === publicHost || isForwardedFromElsewhere(headers))) {
        return FAILURES.notOpen;
      }
      // Against DNS rebinding: a page whose host name resolves to this address must not reach the graph.
      return named.has(name) || name === publicHost || isLoopbackHost(name) ? null : FAILURES.foreignHost;
    },
  };
}

/** Whether a proxy on this machine says that it passes on the request of another machine. */
function isForwardedFromElsewhere({ "x-forwarded-for": list = "", forwarded = "" }: IncomingHttpHeaders): boolean {
  if (list === "" && forwarded === "") {
    return false;
  }
  const addresses = String(list)
    .split(",")
    .map((address) => address.trim());
  // RFC 7239 §4: `for=192.0.2.60`, `for="[2001:db8::1]:4711"`.
  const nodes = Array.from(forwarded.matchAll(/\bfor="?([^";,\s]+)/gi), ([, node = ""]) => hostnameOf(node));
  return [...addresses, ...nodes].some((address) => address !== "" && !isLoopbackHost(address));
}

function bare(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, "");
}
