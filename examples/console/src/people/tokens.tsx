import { useMutation } from "@apollo/client/react";
import { X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button, FieldError, Input, Label, TextField } from "react-aria-components";
import {
  CampaignsDocument,
  ParticipantTokensDocument,
  RemoveTokensDocument,
  SetTokensDocument,
} from "../generated/people.ts";
import { Choice } from "../parts/choice.tsx";
import { PendingButton } from "../parts/pending-button.tsx";
import { useRead } from "../parts/read.ts";
import { Problem, Skeleton } from "../parts/state.tsx";
import { ErrorForm, UserErrors } from "../parts/user-errors.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";

const words = strings.people;
const FIELDS = ["key", "value"];

/** What a campaign's texts fill in for this participant, such as the day of an appointment. */
export function Tokens({ participantId }: { readonly participantId: string }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const { data, error } = useRead(CampaignsDocument);
  const campaigns = data?.campaigns?.nodes;
  // With one campaign there is nothing to choose.
  const campaignId = chosen ?? (campaigns?.length === 1 ? (campaigns[0]?.id ?? null) : null);
  return (
    <section className="panel" aria-labelledby="tokens-title">
      <h2 id="tokens-title">{words.tokens}</h2>
      <p className="muted">{words.tokensLead}</p>
      <Problem error={error} />
      {campaigns && (
        <Choice
          label={words.campaign}
          options={campaigns.map(({ id, title }) => ({ id, name: title ?? id }))}
          value={campaignId}
          onChoose={setChosen}
        />
      )}
      {campaignId !== null && <OfCampaign key={campaignId} participantId={participantId} campaignId={campaignId} />}
    </section>
  );
}

interface Props {
  readonly participantId: string;
  readonly campaignId: string;
}

function OfCampaign({ participantId, campaignId }: Props) {
  const mayWrite = useMay()("participants:write");
  const variables = { id: participantId, campaignId };
  const { data, error, loading, refetch } = useRead(ParticipantTokensDocument, { variables });
  const [remove, removal] = useMutation(RemoveTokensDocument);
  const tokens = data?.participant?.tokens;
  return (
    <>
      <Problem error={error} onRetry={() => void refetch()} />
      {loading && tokens === undefined && <Skeleton rows={1} />}
      {tokens?.length === 0 && <p className="muted">{words.noTokens}</p>}
      {tokens && tokens.length > 0 && (
        <dl className="tokens">
          {tokens.map(({ key, value }) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>
                {value}
                {mayWrite && (
                  <Button
                    className="chip-button"
                    aria-label={words.removeToken(key)}
                    isDisabled={removal.loading}
                    onPress={() => {
                      const input = { participantId, campaignId, keys: [key] };
                      // What goes wrong is shown as `removal.error`.
                      remove({ variables: { input, campaignId } }).catch(() => undefined);
                    }}
                  >
                    <X aria-hidden size={14} />
                  </Button>
                )}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <Problem error={removal.error} />
      <UserErrors errors={removal.data?.removeParticipantTokens?.userErrors} />
      {mayWrite && tokens && <NewToken participantId={participantId} campaignId={campaignId} />}
    </>
  );
}

function NewToken({ participantId, campaignId }: Props) {
  const [token, setToken] = useState({ key: "", value: "" });
  const [set, { data, error, loading }] = useMutation(SetTokensDocument);
  const errors = data?.setParticipantTokens?.userErrors;

  async function submit(event: FormEvent) {
    event.preventDefault();
    try {
      const input = { participantId, campaignId, tokens: [token] };
      const { data: answer } = await set({ variables: { input, campaignId } });
      if (answer?.setParticipantTokens?.participant) {
        setToken({ key: "", value: "" });
      }
    } catch {
      // Shown as `error`; what was typed stays.
    }
  }

  return (
    <ErrorForm onSubmit={submit} errors={errors} fields={FIELDS}>
      <Problem error={error} />
      <div className="field-line">
        <TextField
          className="field"
          name="key"
          value={token.key}
          onChange={(key) => setToken((before) => ({ ...before, key }))}
        >
          <Label>{words.tokenKey}</Label>
          <Input spellCheck="false" />
          <FieldError className="field-error" />
        </TextField>
        <TextField
          className="field"
          name="value"
          value={token.value}
          onChange={(value) => setToken((before) => ({ ...before, value }))}
        >
          <Label>{words.tokenValue}</Label>
          <Input />
          <FieldError className="field-error" />
        </TextField>
      </div>
      <div className="composer-foot">
        <span />
        <PendingButton className="button" type="submit" isDisabled={token.key.trim() === ""} isPending={loading}>
          {words.setToken}
        </PendingButton>
      </div>
    </ErrorForm>
  );
}
