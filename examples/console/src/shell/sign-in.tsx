import { type FormEvent, useEffect, useState } from "react";
import { type SignedOutReason, useSession } from "../session.tsx";
import { strings } from "../strings.ts";
import { Logo } from "./logo.tsx";

const words = strings.signIn;

interface Props {
  readonly reason: SignedOutReason;
  /** Loads what is behind the sign-in. */
  readonly load: () => Promise<unknown>;
}

/** An address and a key. The key is sent to this address alone. */
export function SignIn({ reason: before, load }: Props) {
  const { credentials, signIn } = useSession();
  const [url, setUrl] = useState(credentials.url);
  const [key, setKey] = useState("");
  const [refusal, setRefusal] = useState<SignedOutReason | "empty" | null>(null);
  const [isPending, setPending] = useState(false);

  useEffect(() => {
    // While the key is typed. What cannot be loaded now is asked for again, and said, at the sign-in.
    load().catch(() => undefined);
  }, [load]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setPending(true);
    const refused = await signIn({ url: url.trim(), key: key.trim() });
    if (refused !== null) {
      setRefusal(refused === "refused" && key.trim() === "" ? "empty" : refused);
      setPending(false);
    }
  }
  const reason = refusal ?? before;

  return (
    <main className="sign-in">
      <form className="card" onSubmit={submit}>
        <Logo size={40} />
        <h1>{words.title}</h1>
        <p className="muted">{words.lead}</p>
        {words[reason] !== "" && (
          <p className="banner banner-danger" role="alert">
            {words[reason]}
          </p>
        )}
        <div className="field">
          <label htmlFor="key">{words.key}</label>
          <input
            id="key"
            type="password"
            value={key}
            onChange={({ target }) => setKey(target.value)}
            // biome-ignore lint/a11y/noAutofocus: there is nothing else to do on this page
            autoFocus
            autoComplete="off"
            aria-describedby="key-hint"
          />
          <span id="key-hint" className="muted">
            {words.keyHint}
          </span>
        </div>
        {/* Who was given a key was given the address of this page, which names the graph: few need to see it. */}
        <details className="server" open={reason === "unreachable"}>
          <summary>{words.server(hostOf(url))}</summary>
          <div className="field">
            <label htmlFor="graph">{words.graph}</label>
            <input id="graph" type="url" value={url} onChange={({ target }) => setUrl(target.value)} required />
          </div>
        </details>
        <button className="button button-primary" type="submit" disabled={isPending}>
          {isPending ? words.checking : words.submit}
        </button>
      </form>
    </main>
  );
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}
