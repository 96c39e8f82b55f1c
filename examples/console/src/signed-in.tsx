import type { ApolloClient } from "@apollo/client";
import { ApolloProvider } from "@apollo/client/react";
import { createBrowserRouter } from "react-router";
import { RouterProvider } from "react-router/dom";
import { Forbidden, Missing, PageFailure } from "./shell/pages.tsx";
import { SECTIONS } from "./shell/sections.ts";
import { Shell } from "./shell/shell.tsx";

export { createClient } from "./graph.ts";

/** What is behind the sign-in: the sections that the key opens. It is a file of its own, and so is each section but the first. */
export default function SignedIn({ client }: { readonly client: ApolloClient }) {
  return (
    <ApolloProvider client={client}>
      <RouterProvider router={router} />
    </ApolloProvider>
  );
}

// Not the smaller `BrowserRouter`: that one cannot ask before a page is left.
const router = createBrowserRouter([
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
]);
