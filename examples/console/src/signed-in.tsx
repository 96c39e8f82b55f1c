import type { ApolloClient } from "@apollo/client";
import { ApolloProvider } from "@apollo/client/react";
import { createBrowserRouter, type RouteObject } from "react-router";
import { RouterProvider } from "react-router/dom";
import { Forbidden, Missing, PageFailure } from "./shell/pages.tsx";
import { SECTIONS } from "./shell/sections.ts";
import { Shell } from "./shell/shell.tsx";
import { Splash } from "./shell/splash.tsx";

export { createClient } from "./graph.ts";

/** What is behind the sign-in: the sections that the key opens. It is a file of its own, and so is each section. */
export default function SignedIn({ client }: { readonly client: ApolloClient }) {
  return (
    <ApolloProvider client={client}>
      <RouterProvider router={router} />
    </ApolloProvider>
  );
}

/** Begins to read what the page at this address shows first, and to load it; both find themselves done when it is opened. */
export function readFirst(client: ApolloClient, pathname: string): void {
  const [, name] = pathname.split("/");
  const section = name === "" ? SECTIONS[0] : SECTIONS.find(({ path }) => path === name);
  // What fails here fails again, and is said, when the page itself asks for it.
  section?.load().catch(() => undefined);
  section?.read?.(client).catch(() => undefined);
}

// One route with and without an id: the list keeps its focus and its search when a row of it is opened.
const sections: RouteObject[] = SECTIONS.map(({ path, load, scopes }) => ({
  path: `${path}/:id?`,
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
}));

const router = createBrowserRouter([
  {
    path: "/",
    Component: Shell,
    ErrorBoundary: PageFailure,
    HydrateFallback: Splash,
    children: [...sections, { index: true, Component: Missing }, { path: "*", Component: Missing }],
  },
]);
