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
import { type Credentials, keepCredentials, readCredentials } from "./credentials.ts";
import { askFirst, type FirstAnswers } from "./first-questions.ts";
import type { ClientOptions } from "./graph.ts";
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
      readonly region: string;
      readonly Console: Behind["default"];
    };

/** What is behind the sign-in: a file of its own, which is loaded while the server is asked who is there. */
interface Behind {
  readonly default: ComponentType<{ readonly client: ApolloClient }>;
  readonly createClient: (options: ClientOptions) => ApolloClient;
}

type Scopes = ReadonlySet<string>;

interface Session {
  readonly state: State;
  readonly credentials: Credentials;
  readonly ledger: Ledger;
  signIn(credentials: Credentials): Promise<SignedOutReason | null>;
  signOut(): void;
}

const SIGNED_OUT: State = { name: "signedOut", reason: "none" };

/** How long one screen waits for the answer that makes another one of it: who is there, and what is in their inbox. */
const PATIENCE_MS = 300;

const SessionContext = createContext<Session | null>(null);

interface ProviderProps {
  readonly load: () => Promise<Behind>;
  /** To what was asked with the credentials of this tab. */
  readonly answers: FirstAnswers;
  readonly children: ReactNode;
}

export function SessionProvider({ load, answers: firstAnswers, children }: ProviderProps) {
  const [state, setState] = useState<State>({ name: "checking" });
  const [credentials, setCredentials] = useState(readCredentials);
  const ledger = useMemo(createLedger, []);

  const open = useCallback(
    async (given: Credentials, answers: FirstAnswers) => {
      const onRefused = () =>
        setState((now) => (now.name === "signedIn" ? { name: "signedOut", reason: "ended" } : now));
      const opened = await tryToOpen({ ...given, ledger, onRefused }, answers, load);
      if (typeof opened === "string") {
        return opened;
      }
      // A server that asks for no key takes any: what was typed says nothing there, and is not kept.
      const taken = opened.name === "signedIn" && opened.id === "anonymous" ? { ...given, key: "" } : given;
      keepCredentials(taken);
      setCredentials(taken);
      setState(opened);
      return null;
    },
    [load, ledger],
  );

  const signIn = useCallback((given: Credentials) => open(given, askFirst(given, location.pathname)), [open]);

  const signOut = useCallback(() => {
    sessionStorage.clear();
    setCredentials((now) => ({ ...now, key: "" }));
    setState(SIGNED_OUT);
  }, []);

  // A key of this tab, or a server that asks for none, opens the console without a form.
  useEffect(() => {
    const given = readCredentials();
    const hasKey = given.key !== "";
    if (!hasKey) {
      setTimeout(() => setState((now) => (now.name === "checking" ? SIGNED_OUT : now)), PATIENCE_MS);
    }
    open(given, firstAnswers).then((reason) => {
      if (reason !== null) {
        setState(reason === "refused" && !hasKey ? SIGNED_OUT : { name: "signedOut", reason });
      }
    });
  }, [open, firstAnswers]);

  const session = useMemo(
    () => ({ state, credentials, ledger, signIn, signOut }),
    [state, credentials, ledger, signIn, signOut],
  );
  return <SessionContext value={session}>{children}</SessionContext>;
}

/** The state of who is signed in, or why nobody is. */
async function tryToOpen(
  options: Omit<ClientOptions, "areTrusted" | "inbox">,
  answers: FirstAnswers,
  load: () => Promise<Behind>,
): Promise<State | SignedOutReason> {
  const answer = await answers.viewer;
  if (answer.name !== "viewer") {
    return answer.name;
  }
  const { viewer, result, areTrusted } = answer;
  options.ledger.record("Viewer", result, result.milliseconds);
  try {
    const { default: Console, createClient } = await load();
    const client = createClient({ ...options, areTrusted, inbox: answers.inbox });
    await Promise.race([answers.inbox, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
    return { name: "signedIn", client, Console, ...viewer, scopes: new Set(viewer.scopes) };
  } catch {
    // A file of the console itself could not be loaded.
    return "unreachable";
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

/** The country of numbers that are written without a plus: what searches of the server assume. */
export function useRegion(): string | null {
  const { state } = useSession();
  return state.name === "signedIn" ? state.region : null;
}
