import { Compass, Lock, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Link, Navigate, useLocation } from "react-router";
import { Empty } from "../parts/state.tsx";
import { useMay, useSession } from "../session.tsx";
import { LOCALE, strings } from "../strings.ts";
import { SECTIONS } from "./sections.ts";

const either = new Intl.ListFormat(LOCALE, { type: "disjunction" });

interface ForbiddenProps {
  readonly scopes: readonly string[];
  readonly children: ReactNode;
}

/** The section if the key opens it; otherwise, what to do about it. */
export function Forbidden({ scopes, children }: ForbiddenProps) {
  const may = useMay();
  const { signOut } = useSession();
  return scopes.some(may) ? (
    children
  ) : (
    <Empty icon={Lock} isPage title={strings.states.forbiddenTitle}>
      <p>
        {strings.states.forbidden} {scopes.length > 0 && strings.states.forbiddenScopes(either.format(scopes))}
      </p>
      <button type="button" className="button" onClick={signOut}>
        {strings.states.otherKey}
      </button>
    </Empty>
  );
}

/** Any other address; the bare one leads to the first section that the key opens. */
export function Missing() {
  const may = useMay();
  const { pathname } = useLocation();
  const first = SECTIONS.find(({ scopes }) => scopes.some(may));
  if (pathname === "/") {
    return first ? <Navigate to={`/${first.path}`} replace /> : <Forbidden scopes={[]}>{null}</Forbidden>;
  }
  return (
    <Empty icon={Compass} isPage title={strings.states.missingTitle}>
      <p>{strings.states.missing}</p>
      <Link className="button" to="/">
        {strings.states.toStart}
      </Link>
    </Empty>
  );
}

/** A page that threw, or whose file could not be loaded. */
export function PageFailure() {
  return (
    <main>
      <Empty icon={TriangleAlert} isPage title={strings.states.failedTitle}>
        <p>{strings.states.broken}</p>
        <button type="button" className="button button-primary" onClick={() => location.reload()}>
          {strings.states.reload}
        </button>
      </Empty>
    </main>
  );
}
