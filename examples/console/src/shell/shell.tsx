import { CircleUser, WifiOff } from "lucide-react";
import { useState } from "react";
import { Button, Dialog, DialogTrigger, Label, Popover, Radio, RadioGroup } from "react-aria-components";
import { NavLink, Outlet } from "react-router";
import { useMay, useSession } from "../session.tsx";
import { strings } from "../strings.ts";
import { useIsOnline } from "./online.ts";
import { SECTIONS } from "./sections.ts";
import { applyTheme, readTheme, type Theme } from "./theme.ts";

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
        <img src="/icon.svg" alt={strings.name} width="32" height="32" />
        <nav aria-label={strings.nav.label}>
          {SECTIONS.filter(({ scopes }) => scopes.some(may)).map(({ path, name, icon: Icon }) => (
            <NavLink key={path} to={`/${path}`}>
              <Icon aria-hidden size={20} />
              <span>{name}</span>
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
        <Outlet />
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

  function choose(chosen: string) {
    const next: Theme = chosen === "light" || chosen === "dark" ? chosen : "system";
    applyTheme(next);
    setTheme(next);
  }

  return (
    <DialogTrigger>
      <Button className="menu-button" aria-label={name}>
        <CircleUser aria-hidden size={22} />
      </Button>
      <Popover className="popover" placement="right bottom">
        <Dialog className="account" aria-label={name}>
          <strong>{name}</strong>
          <RadioGroup className="radios" value={theme} onChange={choose}>
            <Label>{words.themeLabel}</Label>
            {(["system", "light", "dark"] as const).map((each) => (
              <Radio key={each} value={each} className="radio">
                {words.themes[each]}
              </Radio>
            ))}
          </RadioGroup>
          <Button className="button" onPress={signOut}>
            {words.signOut}
          </Button>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
