import { SessionProvider, useSession } from "./session.tsx";
import { SignIn } from "./shell/sign-in.tsx";
import { Splash } from "./shell/splash.tsx";

const load = () => import("./signed-in.tsx");

/** The whole console: a form as long as nobody is signed in, then what is behind it. */
export function App() {
  return (
    <SessionProvider load={load}>
      <Content />
    </SessionProvider>
  );
}

function Content() {
  const { state } = useSession();
  if (state.name === "checking") {
    return <Splash />;
  }
  return state.name === "signedOut" ? <SignIn reason={state.reason} /> : <state.Console client={state.client} />;
}
