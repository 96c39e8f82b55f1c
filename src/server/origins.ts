import { isLoopbackHost } from "../loopback.ts";

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
    mayConnect: ({ origin, host }) =>
      origin === undefined || origin === `http://${host}` || origin === `https://${host}` || mayAsk(origin),
  };
}

/** The name in a Host header (RFC 9110 §7.2), without the port. */
export function hostnameOf(host: string | undefined): string {
  return (host ?? "").replace(/:\d+$/, "");
}

/**
 * The host names of this server. A page with another host name that resolves to its address must not reach the graph.
 */
export interface Hosts {
  /** `hostname` without a port; letter case and a final dot do not matter. */
  mayBeCalled(hostname: string): boolean;
}

/** Loopback names, and those in the configuration. */
export function createHosts(names: readonly string[]): Hosts {
  const named = new Set(names.map(bare));
  return { mayBeCalled: (hostname) => isLoopbackHost(hostname) || named.has(bare(hostname)) };
}

function bare(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, "");
}
