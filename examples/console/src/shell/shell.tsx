import { CircleUser, WifiOff } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { NavLink, Outlet } from "react-router";
import { useMay, useSession } from "../session.tsx";
import { strings } from "../strings.ts";
import { Logo } from "./logo.tsx";
import { useIsOnline } from "./online.ts";
import { SECTIONS } from "./sections.ts";
import { Splash } from "./splash.tsx";
import { applyTheme, readTheme, type Theme } from "./theme.ts";

// Behind the first screen. If it cannot be loaded, the menu is there without it.
const Uncertain = lazy(() => import("./uncertain.tsx").catch(() => ({ default: () => null })));
const THEMES = ["system", "light", "dark"] as const;

/** The frame around each section: menu, account, and a line that says so while the browser is offline. */
export function Shell() {
  const may = useMay();
  const isOnline = useIsOnline();
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {strings.skip}
      </a>
      <header className="menu">
        <div className="logo" role="img" aria-label={strings.name}>
          <Logo size={32} />
        </div>
        <nav aria-label={strings.nav.label}>
          {SECTIONS.filter(({ scopes }) => scopes.some(may)).map(({ path, name, icon: Icon }) => (
            <NavLink key={path} to={`/${path}`}>
              <Icon aria-hidden size={20} />
              <span>{name}</span>
              {path === "ops" && may("attempts:read") && (
                <Suspense>
                  <Uncertain />
                </Suspense>
              )}
            </NavLink>
          ))}
        </nav>
        <Account />
      </header>
      <main id="content" tabIndex={-1}>
        {!isOnline && (
          <p className="strip" role="status">
            <WifiOff aria-hidden size={18} />
            {strings.states.offline}
          </p>
        )}
        <Suspense fallback={<Splash />}>
          <Outlet />
        </Suspense>
      </main>
    </div>
  );
}

function Account() {
  const { state, signOut } = useSession();
  const [theme, setTheme] = useState(readTheme);
  const words = strings.account;
  const id = state.name === "signedIn" ? state.id : "";
  const name = id === "anonymous" ? words.anonymous : id.replace(/^(key|token):/, "");

  function choose(next: Theme) {
    applyTheme(next);
    setTheme(next);
  }

  return (
    <>
      <button className="menu-button" type="button" aria-label={name} popoverTarget="account">
        <CircleUser aria-hidden size={22} />
      </button>
      <div id="account" className="popover account" popover="auto" role="dialog" aria-label={name}>
        <strong>{name}</strong>
        <fieldset className="themes">
          <legend>{words.themeLabel}</legend>
          {THEMES.map((each) => (
            <label key={each}>
              <input type="radio" name="theme" checked={theme === each} onChange={() => choose(each)} />
              {words.themes[each]}
            </label>
          ))}
        </fieldset>
        {id !== "anonymous" && (
          <button className="button" type="button" onClick={signOut}>
            {words.signOut}
          </button>
        )}
      </div>
    </>
  );
}
