import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { Form } from "react-aria-components";
import { SeriesChoiceDocument, SubscribeToSeriesDocument } from "../generated/people.ts";
import { LineChoice } from "../inbox/line-choice.tsx";
import { useLines } from "../inbox/lines.ts";
import { Choice } from "../parts/choice.tsx";
import { isText, mayBeDone, useDraft } from "../parts/draft.ts";
import { useOneAtATime } from "../parts/one-at-a-time.ts";
import { PendingButton } from "../parts/pending-button.tsx";
import { useRead } from "../parts/read.ts";
import { Problem } from "../parts/state.tsx";
import { OWN_ZONE } from "../parts/time.tsx";
import { UserErrors } from "../parts/user-errors.tsx";
import { ZoneChoice } from "../parts/zones.tsx";
import { strings } from "../strings.ts";

const words = strings.people;

interface Props {
  readonly phoneNumber: string;
  /** Where the contact's clocks are, as far as Pidj knows. */
  readonly timeZone: string | null;
  readonly isOptedOut: boolean;
}

/** Subscribes the person to a series of texts, once however often it is clicked. Pidj tells nobody who is subscribed. */
export function Series({ phoneNumber, timeZone, isOptedOut }: Props) {
  const series = useRead(SeriesChoiceDocument);
  const draft = useDraft(`series.${phoneNumber}`, "", isText);
  const [wantedLine, setLine] = useState<string | null>(null);
  const lines = useLines(wantedLine);
  const [zone, setZone] = useState(timeZone ?? OWN_ZONE);
  const [subscribe, { data, error, loading }] = useMutation(SubscribeToSeriesDocument);
  const onlyOne = useOneAtATime();
  const [done, setDone] = useState<string | null>(null);
  const groupId = lines.line?.id;
  const options = series.data?.seriesList?.nodes.map(({ id, name }) => ({ id, name: name ?? id }));
  const seriesId = draft.value;

  async function submit() {
    if (seriesId === "" || groupId === undefined) {
      return;
    }
    try {
      const { idempotencyKey } = draft;
      const recipient = { phoneNumber };
      const input = { seriesId, recipient, from: { groupId }, timezone: zone, idempotencyKey };
      const { data: answer } = await subscribe({ variables: { input } });
      const problem = answer?.subscribeToSeries?.userErrors[0];
      if (answer?.subscribeToSeries && problem === undefined) {
        setDone(options?.find(({ id }) => id === seriesId)?.name ?? seriesId);
      }
      // What was carried out, may have been, or was under this key before, is not offered again.
      if (answer?.subscribeToSeries && (problem === undefined || mayBeDone(problem.code))) {
        draft.renew("");
      }
    } catch {
      // Shown as `error`. The key stays, so that another try subscribes nobody twice.
    }
  }

  return (
    <section className="panel" aria-labelledby="series-title">
      <h2 id="series-title">{words.series}</h2>
      <p className="muted">{words.seriesLead}</p>
      <Problem error={series.error ?? error} />
      <UserErrors errors={data?.subscribeToSeries?.userErrors} />
      {options?.length === 0 && <p className="muted">{words.noSeries}</p>}
      {isOptedOut && <p className="muted">{words.noSeriesForbidden}</p>}
      {!isOptedOut && options && options.length > 0 && (
        <Form
          className="fields"
          onSubmit={(event) => {
            event.preventDefault();
            void onlyOne(submit);
          }}
        >
          <Choice
            key={draft.idempotencyKey}
            label={words.seriesChoice}
            options={options}
            value={seriesId === "" ? null : seriesId}
            onChoose={(id) => {
              draft.change(id ?? "");
              setDone(null);
            }}
          />
          <ZoneChoice value={zone} onChoose={setZone} hint={words.seriesZone} />
          <LineChoice lines={lines} onChoose={setLine} />
          <div className="composer-foot">
            <span className="muted" role="status">
              {done === null ? "" : words.subscribed(done)}
            </span>
            <PendingButton
              className="button"
              type="submit"
              isDisabled={seriesId === "" || groupId === undefined}
              isPending={loading}
            >
              {words.subscribe}
            </PendingButton>
          </div>
        </Form>
      )}
    </section>
  );
}
