import { useRef } from "react";
import { FieldError, Input, Label, Text, TextField, ToggleButton, ToggleButtonGroup } from "react-aria-components";
import { readLocalTime, writeLocalTime } from "../parts/local-time.ts";
import { OWN_ZONE, showMomentIn } from "../parts/time.tsx";
import { ZoneChoice } from "../parts/zones.tsx";
import { useAccountZone } from "../session.tsx";
import { strings } from "../strings.ts";

const words = strings.polls;
/** Textizen sends every five minutes. */
const STEP_SECONDS = 300;

/** A time by the clocks of a place. */
export interface MailingTime {
  /** What the clocks show: `2026-12-01T09:00`. */
  readonly dateTime: string;
  readonly timeZone: string;
  /** Which moment is meant if the clocks show that time twice; null as long as nobody has said. */
  readonly chosenAt: string | null;
}

/** The moment that is meant; null if it is not known yet. */
export function momentOf({ dateTime, timeZone, chosenAt }: MailingTime): string | null {
  const time = readLocalTime(dateTime, timeZone);
  if (time === null || time.kind === "one") {
    return time?.at ?? null;
  }
  return time.candidates.find((at) => at === chosenAt) ?? null;
}

export const isToCome = (moment: string) => Date.parse(moment) > Date.now();

/** The time as the graph takes it: by the clocks of the place, or the moment that somebody chose. */
export function inputOf(value: MailingTime) {
  const { dateTime, timeZone } = value;
  const sendAt = momentOf(value);
  return readLocalTime(dateTime, timeZone)?.kind === "repeated" && sendAt !== null
    ? { sendAt }
    : { sendAtLocal: { dateTime, timeZone } };
}

interface Props {
  readonly value: MailingTime;
  readonly onChange: (changes: Partial<MailingTime>) => void;
}

/** When a mailing goes out: by the clocks of a place, and what these say elsewhere. */
export function MailingTimeField({ value, onChange }: Props) {
  const { dateTime, timeZone } = value;
  const field = useRef<HTMLInputElement>(null);
  const time = readLocalTime(dateTime, timeZone);
  const moment = momentOf(value);
  const accountZone = useAccountZone();
  const others = [...new Set([accountZone, OWN_ZONE])].filter((zone) => zone !== timeZone);

  function choose(at: string) {
    onChange({ dateTime: writeLocalTime(at, timeZone), chosenAt: at });
    if (time?.kind === "skipped") {
      // The clocks show this one once: there is nothing left to choose.
      field.current?.focus();
    }
  }

  return (
    <>
      <TextField
        className="field"
        name={time?.kind === "repeated" ? "sendAt" : "sendAtLocal"}
        type="datetime-local"
        value={dateTime}
        onChange={(typed) => onChange({ dateTime: typed, chosenAt: null })}
      >
        <Label>{words.when}</Label>
        <Input ref={field} step={STEP_SECONDS} />
        <Text slot="description">{words.steps}</Text>
        <FieldError className="field-error" />
      </TextField>
      <ZoneChoice value={timeZone} onChoose={(zone) => onChange({ timeZone: zone, chosenAt: null })} />
      {time !== null && time.kind !== "one" && (
        <div className="which">
          <p id="which-time" role="status">
            {words.noSuchTime[time.kind](timeZone.replaceAll("_", " "))}
          </p>
          <ToggleButtonGroup
            className="which-times"
            aria-labelledby="which-time"
            selectedKeys={moment === null ? [] : [moment]}
            onSelectionChange={([at]) => at !== undefined && choose(String(at))}
          >
            {time.candidates.map((at, index) => (
              <ToggleButton className="button" key={at} id={at}>
                {showMomentIn(at, timeZone)}
                <span className="muted">{index === 0 ? words.earlierTime : words.laterTime}</span>
              </ToggleButton>
            ))}
          </ToggleButtonGroup>
        </div>
      )}
      <div role="status">
        {moment !== null && !isToCome(moment) && <p className="is-wrong">{words.passed}</p>}
        {moment !== null && isToCome(moment) && <p>{words.goesOut(showMomentIn(moment, timeZone))}</p>}
        {moment !== null &&
          isToCome(moment) &&
          others.map((zone) => (
            <p className="muted" key={zone}>
              {(zone === OWN_ZONE ? words.forYou : words.forAccount)(showMomentIn(moment, zone))}
            </p>
          ))}
      </div>
    </>
  );
}
