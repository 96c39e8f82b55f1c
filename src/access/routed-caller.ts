import type { Caller } from "./caller.ts";
import { ROUTER_SCOPE } from "./scopes.ts";

/** A client behind a router: the client's rights, limits and id, and the router's scope. */
interface RoutedCaller extends Caller {
  readonly client: Caller;
  readonly router: Caller;
}

/** Whether it is a router by itself: the caller of all requests while authentication is off is none. */
export function isRouter({ scopes, isAnonymous }: Caller): boolean {
  return scopes.has(ROUTER_SCOPE) && !isAnonymous;
}

export function asRouted(client: Caller, router: Caller): RoutedCaller {
  let known = routed.get(client);
  if (known?.router !== router) {
    known = { ...client, scopes: new Set([...client.scopes, ROUTER_SCOPE]), client, router };
    routed.set(client, known);
  }
  return known;
}

/** The callers whose credentials must all be valid for this one to be. */
export function partsOf(caller: Caller & Partial<RoutedCaller>): readonly Caller[] {
  const { client, router } = caller;
  return client === undefined || router === undefined ? [caller] : [client, router];
}

/** Made once for each client, because what is known of a caller is kept by the object. */
const routed = new WeakMap<Caller, RoutedCaller>();
