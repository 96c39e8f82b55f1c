import { type ApolloClient, CombinedGraphQLErrors } from "@apollo/client";
import { ApolloProvider } from "@apollo/client/react";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { ViewerDocument } from "./generated/operations.ts";
import { type Credentials, createClient } from "./graph.ts";
import { createLedger, type Ledger } from "./ledger.ts";

/** Why somebody is not signed in; `none`: they have not tried yet. */
export type SignedOutReason = "none" | "refused" | "ended" | "unreachable";

type State =
  | { readonly name: "checking" }
  | { readonly name: "signedOut"; readonly reason: SignedOutReason }
  | {
      readonly name: "signedIn";
      readonly client: ApolloClient;
      readonly id: string;
      readonly scopes: Scopes;
      readonly timeZone: string;
    };

type Scopes = ReadonlySet<string>;

interface Session {
  readonly state: State;
  readonly credentials: Credentials;
  readonly ledger: Ledger;
  signIn(credentials: Credentials): Promise<SignedOutReason | null>;
  signOut(): void;
}

const SessionContext = createContext<Session | null>(null);

// The key lives as long as the tab: a reload keeps it, another tab or a restart of the browser asks again. The address of
// the graph is no secret and is remembered.
const KEY = "console.key";
const URL_NAME = "console.graph";
const DEFAULT_URL = "http://127.0.0.1:4000/graphql";

/** A key is kept together with the graph that it was entered for, and sent to no other. */
function readCredentials(): Credentials {
  const asked = new URLSearchParams(location.search).get("graph");
  const url = asked ?? localStorage.getItem(URL_NAME) ?? DEFAULT_URL;
  const [keptFor, key] = (sessionStorage.getItem(KEY) ?? "").split("\n");
  return { url, key: keptFor === url ? (key ?? "") : "" };
}

function keep({ url, key }: Credentials): void {
  localStorage.setItem(URL_NAME, url);
  sessionStorage.setItem(KEY, `${url}\n${key}`);
}

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [state, setState] = useState<State>({ name: "checking" });
  const [credentials, setCredentials] = useState(readCredentials);
  const ledger = useMemo(createLedger, []);

  const signIn = useCallback(
    async (given: Credentials) => {
      const end = () => setState((now) => (now.name === "signedIn" ? { name: "signedOut", reason: "ended" } : now));
      const { reason, signedIn } = await tryToSignIn(given, ledger, end);
      if (signedIn !== null) {
        keep(given);
        setCredentials(given);
        setState(signedIn);
      }
      return reason;
    },
    [ledger],
  );

  const signOut = useCallback(() => {
    sessionStorage.clear();
    setCredentials((now) => ({ ...now, key: "" }));
    setState({ name: "signedOut", reason: "none" });
  }, []);

  // A key of this tab, or a server that asks for none, opens the console without a form.
  useEffect(() => {
    const given = readCredentials();
    signIn(given).then((reason) => {
      if (reason !== null) {
        setState({ name: "signedOut", reason: reason === "refused" && given.key === "" ? "none" : reason });
      }
    });
  }, [signIn]);

  const session = useMemo(
    () => ({ state, credentials, ledger, signIn, signOut }),
    [state, credentials, ledger, signIn, signOut],
  );
  const content = <SessionContext value={session}>{children}</SessionContext>;
  return state.name === "signedIn" ? <ApolloProvider client={state.client}>{content}</ApolloProvider> : content;
}

async function tryToSignIn(
  given: Credentials,
  ledger: Ledger,
  onRefused: () => void,
): Promise<{ readonly reason: SignedOutReason | null; readonly signedIn: State | null }> {
  let isRefused = false;
  const refuse = () => {
    isRefused = true;
    onRefused();
  };
  try {
    // Somebody waits at a form: one try tells whether the address is right.
    const ask = async (areTrusted: boolean) => {
      const client = createClient({ ...given, ledger, areTrusted, tries: 1, onRefused: refuse });
      const answer = await client.query({ query: ViewerDocument });
      client.stop();
      return answer;
    };
    const first = await ask(true);
    const areTrusted = !(CombinedGraphQLErrors.is(first.error) && first.error.errors.some(knowsNoIds));
    const { data } = areTrusted ? first : await ask(false);
    if (data?.viewer !== undefined) {
      const { id, scopes, timeZone } = data.viewer;
      const client = createClient({ ...given, ledger, areTrusted, onRefused: refuse });
      return { reason: null, signedIn: { name: "signedIn", client, id, scopes: new Set(scopes), timeZone } };
    }
  } catch {
    // No answer, or none of a graph: said below.
  }
  return { reason: isRefused ? "refused" : "unreachable", signedIn: null };
}

/** A server without TRUSTED_DOCUMENTS takes texts. */
function knowsNoIds({ extensions }: { readonly extensions?: Readonly<Record<string, unknown>> }): boolean {
  return extensions?.["code"] === "PERSISTED_QUERY_NOT_FOUND";
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) {
    throw new Error("This needs a SessionProvider around it.");
  }
  return session;
}

/** Asks whether the key has a scope: what it may not do is not shown. */
export function useMay(): (scope: string) => boolean {
  const { state } = useSession();
  return (scope) => state.name === "signedIn" && state.scopes.has(scope);
}

/** The zone of the account's clocks. */
export function useAccountZone(): string {
  const { state } = useSession();
  return state.name === "signedIn" ? state.timeZone : "UTC";
}
