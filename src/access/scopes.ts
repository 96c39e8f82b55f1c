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
  "platform:status",
  "metrics:read",
] as const;

export type Scope = (typeof SCOPES)[number];

const known: ReadonlySet<string> = new Set(SCOPES);

export function isScope(text: string): text is Scope {
  return known.has(text);
}
