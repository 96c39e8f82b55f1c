import type { ApolloClient } from "@apollo/client";
import {
  type ComponentType,
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
} from "react";
import type { ClientOptions, Credentials } from "./graph.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { askViewer } from "./viewer.ts";

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
      readonly Console: Behind["default"];
    };

/** What is behind the sign-in: a file of its own, which is loaded while the server is asked who is there. */
interface Behind {
  readonly default: ComponentType<{ readonly client: ApolloClient }>;
  readonly createClient: (options: ClientOptions) => ApolloClient;
  readonly readFirst: (client: ApolloClient, pathname: string) => void;
}

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

interface ProviderProps {
  readonly load: () => Promise<Behind>;
  readonly children: ReactNode;
}

export function SessionProvider({ load, children }: ProviderProps) {
  const [state, setState] = useState<State>({ name: "checking" });
  const [credentials, setCredentials] = useState(readCredentials);
  const ledger = useMemo(createLedger, []);

  const signIn = useCallback(
    async (given: Credentials) => {
      const end = () => setState((now) => (now.name === "signedIn" ? { name: "signedOut", reason: "ended" } : now));
      const { reason, signedIn } = await tryToSignIn({ ...given, ledger, onRefused: end }, load);
      if (signedIn !== null) {
        keep(given);
        setCredentials(given);
        setState(signedIn);
      }
      return reason;
    },
    [load, ledger],
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
  return <SessionContext value={session}>{children}</SessionContext>;
}

async function tryToSignIn(
  options: Omit<ClientOptions, "areTrusted">,
  load: () => Promise<Behind>,
): Promise<{ readonly reason: SignedOutReason | null; readonly signedIn: State | null }> {
  const open = async (areTrusted: boolean) => {
    const { default: Console, createClient, readFirst } = await load();
    const client = createClient({ ...options, areTrusted });
    readFirst(client, location.pathname);
    return { Console, client };
  };
  // With a key, the console is opened and reads its first page while the server is asked who that is; without one, most
  // servers show the form.
  const early = options.key === "" ? null : open(true).catch(() => null);
  try {
    const startedAt = performance.now();
    const answer = await askViewer(options);
    if (answer.name !== "viewer") {
      void early?.then((opened) => opened?.client.stop());
      return { reason: answer.name, signedIn: null };
    }
    options.ledger.record("Viewer", answer.result, performance.now() - startedAt);
    const { id, scopes, timeZone } = answer.viewer;
    const opened = (answer.areTrusted ? await early : null) ?? (await open(answer.areTrusted));
    return { reason: null, signedIn: { name: "signedIn", ...opened, id, scopes: new Set(scopes), timeZone } };
  } catch {
    // A file of the console itself could not be loaded.
    return { reason: "unreachable", signedIn: null };
  }
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
