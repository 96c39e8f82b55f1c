import type { ApolloClient } from "@apollo/client";
import { ApolloProvider } from "@apollo/client/react";
import { useState } from "react";
import { createBrowserRouter, type RouteObject } from "react-router";
import { RouterProvider } from "react-router/dom";
import { useMay } from "./session.tsx";
import { Forbidden, Missing, PageFailure } from "./shell/pages.tsx";
import { SECTIONS } from "./shell/sections.ts";
import { Shell } from "./shell/shell.tsx";

export { createClient } from "./graph.ts";

/** What is behind the sign-in: the sections that the key opens. It is a file of its own, and so is each section but the first. */
export default function SignedIn({ client }: { readonly client: ApolloClient }) {
  const may = useMay();
  const [router] = useState(() => openRouter(may));
  return (
    <ApolloProvider client={client}>
      <RouterProvider router={router} />
    </ApolloProvider>
  );
}

let router: ReturnType<typeof createBrowserRouter> | undefined;

/** The router of this page. It is made when somebody is signed in: then it is known which section the bare address leads to. */
function openRouter(may: (scope: string) => boolean) {
  const first = SECTIONS.find(({ scopes }) => scopes.some(may));
  if (router === undefined && first !== undefined && location.pathname === "/") {
    history.replaceState(null, "", `/${first.path}`);
  }
  router ??= createBrowserRouter(routes);
  return router;
}

// For `createBrowserRouter`: the smaller `BrowserRouter` cannot ask before a page is left.
const routes: RouteObject[] = [
  {
    path: "/",
    Component: Shell,
    ErrorBoundary: PageFailure,
    children: [
      // One route with and without an id: the list keeps its focus and its search when a row of it is opened.
      ...SECTIONS.map(({ path, scopes, Page }) => ({
        path: `${path}/:id?`,
        element: (
          <Forbidden scopes={scopes}>
            <Page />
          </Forbidden>
        ),
      })),
      { index: true, Component: Missing },
      { path: "*", Component: Missing },
    ],
  },
];
