import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { FirstAnswers } from "./first-questions.ts";
import { SessionProvider, useSession } from "./session.tsx";
import { SignIn } from "./shell/sign-in.tsx";
import { Splash } from "./shell/splash.tsx";

const load = () => import("./signed-in.tsx");

/** The whole console: a form as long as nobody is signed in, then what is behind it. */
export function showApp(answers: FirstAnswers): void {
  const root = document.getElementById("app");
  if (root !== null) {
    createRoot(root).render(
      <StrictMode>
        <SessionProvider load={load} answers={answers}>
          <Content />
        </SessionProvider>
      </StrictMode>,
    );
  }
}

function Content() {
  const { state } = useSession();
  if (state.name === "checking") {
    return <Splash />;
  }
  return state.name === "signedOut" ? (
    <SignIn reason={state.reason} load={load} />
  ) : (
    <state.Console client={state.client} />
  );
}
