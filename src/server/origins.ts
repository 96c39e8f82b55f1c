import { isLoopbackHost } from "../loopback.ts";

/** Where Apollo's explorer lives when it is not embedded. */
export const STUDIO = "https://studio.apollographql.com";

/** The name in a Host header (RFC 9110 §7.2), without the port. */
export function hostnameOf(host: string | undefined): string {
  return (host ?? "").replace(/:\d+$/, "");
}

/**
 * Whether a page may open a connection that lasts. CORS does not guard WebSockets: any page that a browser shows may open
 * one, and says only where it is from (RFC 6455 §10.2). Programs that are no browsers say nothing and are let in. In
 * development so are pages that another server of this machine serves, since that is where frontends are written.
 */
export function mayConnect(
  { origin, host }: { readonly origin?: string | undefined; readonly host?: string | undefined },
  isProduction: boolean,
): boolean {
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) {
    return true;
  }
  return !isProduction && (origin === STUDIO || (URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname)));
}
