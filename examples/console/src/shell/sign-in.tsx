import { type FormEvent, useState } from "react";
import { Button, Form, Input, Label, Text, TextField } from "react-aria-components";
import { type SignedOutReason, useSession } from "../session.tsx";
import { strings } from "../strings.ts";

const words = strings.signIn;

/** An address and a key. The key is sent to this address alone. */
export function SignIn({ reason: before }: { readonly reason: SignedOutReason }) {
  const { credentials, signIn } = useSession();
  const [url, setUrl] = useState(credentials.url);
  const [key, setKey] = useState("");
  const [reason, setReason] = useState(before);
  const [isPending, setPending] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setPending(true);
    const refusal = await signIn({ url: url.trim(), key: key.trim() });
    if (refusal !== null) {
      setReason(refusal);
      setPending(false);
    }
  }

  return (
    <main className="sign-in">
      <Form className="card" onSubmit={submit}>
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1>{words.title}</h1>
        <p className="muted">{words.lead}</p>
        {words[reason] !== "" && (
          <p className="banner banner-danger" role="alert">
            {words[reason]}
          </p>
        )}
        <TextField className="field" type="password" name="key" value={key} onChange={setKey} autoFocus>
          <Label>{words.key}</Label>
          <Input autoComplete="off" spellCheck="false" />
          <Text slot="description">{words.keyHint}</Text>
        </TextField>
        {/* Who was given a key was given the address of this page, which names the graph: few need to see it. */}
        <details className="server" open={reason === "unreachable"}>
          <summary>{words.server(hostOf(url))}</summary>
          <TextField className="field" type="url" name="graph" value={url} onChange={setUrl} isRequired>
            <Label>{words.graph}</Label>
            <Input spellCheck="false" />
          </TextField>
        </details>
        <Button className="button button-primary" type="submit" isDisabled={isPending}>
          {isPending ? words.checking : words.submit}
        </Button>
      </Form>
    </main>
  );
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}
