import { carryOut, nobody } from "./carry-out.ts";
import { Checks, type Optional } from "./checks.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

interface CreateSsoUrlInput {
  /** Exactly one of the two; the schema ensures it (`@oneOf`). */
  readonly user: { readonly id?: Optional; readonly externalId?: Optional };
  readonly next?: Optional;
}

/** The URL signs in whoever opens it: it is never kept, shared or logged (docs/platforms.md P-20). */
interface SsoUrl {
  readonly url: string;
  readonly expiresAt: Date;
}

const PATHS = {
  user_uuid: ["input", "user", "id"],
  external_id: ["input", "user", "externalId"],
  next: ["input", "next"],
};

/** docs/platforms.md P-20. */
const LIFETIME_MS = 60_000;

/** docs/platforms.md, Create a sign-in URL. */
export function createSsoUrl(tools: WriteTools, input: CreateSsoUrlInput): Promise<Outcome<SsoUrl>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const { id, externalId } = input.user;
    const user =
      typeof id === "string"
        ? { id: checks.id("PidjUser", PATHS.user_uuid, id) }
        : { externalId: checks.text(PATHS.external_id, externalId ?? "") };
    const next = typeof input.next === "string" ? checkNext(checks, input.next, tools.ssoNextHosts) : undefined;
    checks.done();
    return carryOut(tools, {
      mutation: "createSsoUrl",
      kind: "creation",
      // There is no key, so the outcome is not stored.
      idempotencyKey: null,
      input: { user },
      paths: PATHS,
      changes: ["PIDJ"],
      texts: nobody,
      call: async (scope) => {
        const { url } = await tools.pidj.createSsoUrl({ user, next }, scope);
        return { url, expiresAt: new Date(tools.now().getTime() + LIFETIME_MS) };
      },
    });
  });
}

/**
 * Returns the URL as it was parsed, which is what must be sent: another parser may find another host in the text that
 * was given (`https://ours.example\@theirs.example`). A browser that is signed in is led there, so it must be a host
 * that the operator of this server trusts (docs/platforms.md P-19).
 */
function checkNext(checks: Checks, next: string, hosts: readonly string[] | null): string | undefined {
  const url = checks.webUrl(PATHS.next, next);
  if (url !== null && hosts !== null && !hosts.includes(url.host)) {
    checks.refuse(PATHS.next, "next must be on one of the hosts that this server allows (SSO_NEXT_HOSTS).");
  }
  return url?.href;
}
