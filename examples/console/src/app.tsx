import { createBrowserRouter, type RouteObject } from "react-router";
import { RouterProvider } from "react-router/dom";
import { SessionProvider, useSession } from "./session.tsx";
import { Forbidden, Missing, PageFailure } from "./shell/pages.tsx";
import { SECTIONS } from "./shell/sections.ts";
import { Shell } from "./shell/shell.tsx";
import { SignIn } from "./shell/sign-in.tsx";
import { Splash } from "./shell/splash.tsx";

/** The whole console: a form as long as nobody is signed in, then the sections that the key opens. */
export function App() {
  return (
    <SessionProvider>
      <Content />
    </SessionProvider>
  );
}

function Content() {
  const { state } = useSession();
  if (state.name === "checking") {
    return <Splash />;
  }
  return state.name === "signedOut" ? <SignIn reason={state.reason} /> : <RouterProvider router={router} />;
}

/** Each section is a file of its own, loaded when it is opened; the key decides which are. */
const sections: RouteObject[] = SECTIONS.flatMap(({ path, load, scopes }) =>
  [path, `${path}/:id`].map((each) => ({
    path: each,
    lazy: async () => {
      const Section = (await load()).default;
      return {
        Component: () => (
          <Forbidden scopes={scopes}>
            <Section />
          </Forbidden>
        ),
      };
    },
  })),
);

const router = createBrowserRouter([
  {
    path: "/",
    Component: Shell,
    ErrorBoundary: PageFailure,
    HydrateFallback: Splash,
    children: [...sections, { index: true, Component: Missing }, { path: "*", Component: Missing }],
  },
]);
