/**
 * Permissions of callers, by noun and action. The schema says which fields a scope opens (`@requiresScopes`);
 * `metrics:read` opens `/metrics`.
 */
export const SCOPES = [
  "contacts:read",
  "contacts:write",
  "participants:read",
  "participants:write",
  "groups:read",
  "groups:write",
  "series:read",
  "surveys:read",
  "campaigns:read",
  "campaigns:write",
  "polls:read",
  "polls:write",
  "mailings:read",
  "mailings:write",
  "messages:read",
  "messages:send",
  "tasks:write",
  "users:admin",
  "opt-outs:write",
  "attempts:read",
  "attempts:write",
  "platform:status",
  "metrics:read",
] as const;

/**
 * The permission of a router in front of this server (`SUBGRAPH=on`). Only an API key has it, and such a key has no other, so
 * that a router reads nothing without its client's credential. No token has it.
 */
export const ROUTER_SCOPE = "router";

export type Scope = (typeof SCOPES)[number] | typeof ROUTER_SCOPE;

const known: ReadonlySet<string> = new Set(SCOPES);

/** Whether it is a scope of clients. */
export function isScope(text: string): text is (typeof SCOPES)[number] {
  return known.has(text);
}
