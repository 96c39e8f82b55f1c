import { ApolloProvider } from "@apollo/client/react";
import { createTextgraphClient } from "@textgraph/client/apollo";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Inbox } from "./inbox.tsx";
import { Participants } from "./participants.tsx";
import { SendForm } from "./send-form.tsx";

// Where the graph is: ?graph=http://127.0.0.1:4000/graphql; by default where `npm start` serves it.
const url = new URLSearchParams(location.search).get("graph") ?? "http://localhost:4000/graphql";
const client = createTextgraphClient({ url });

const root = document.getElementById("app");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <ApolloProvider client={client}>
        <Participants />
        <SendForm />
        <Inbox />
      </ApolloProvider>
    </StrictMode>,
  );
}
