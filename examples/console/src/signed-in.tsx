import type { ApolloClient } from "@apollo/client";
import { ApolloProvider } from "@apollo/client/react";
import { Suspense } from "react";
import { BrowserRouter, Route, Routes } from "react-router";
import { Skeleton } from "./parts/state.tsx";
import { Failing } from "./shell/failing.tsx";
import { Forbidden, Missing } from "./shell/pages.tsx";
import { SECTIONS } from "./shell/sections.ts";
import { Shell } from "./shell/shell.tsx";

export { createClient } from "./graph.ts";

/** What is behind the sign-in: the sections that the key opens. It is a file of its own, and so is each section but the first. */
export default function SignedIn({ client }: { readonly client: ApolloClient }) {
  return (
    <Failing>
      <ApolloProvider client={client}>
        <BrowserRouter>
          <Shell>
            <Suspense fallback={<Skeleton />}>
              <Routes>
                {/* One route with and without an id: the list keeps its focus and its search when a row of it is opened. */}
                {SECTIONS.map(({ path, scopes, Page }) => (
                  <Route
                    key={path}
                    path={`${path}/:id?`}
                    element={
                      <Forbidden scopes={scopes}>
                        <Page />
                      </Forbidden>
                    }
                  />
                ))}
                <Route path="*" element={<Missing />} />
              </Routes>
            </Suspense>
          </Shell>
        </BrowserRouter>
      </ApolloProvider>
    </Failing>
  );
}
