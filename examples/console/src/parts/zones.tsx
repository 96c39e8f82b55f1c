import { type ReactNode, useMemo } from "react";
import { strings } from "../strings.ts";
import { Choice } from "./choice.tsx";
import { OWN_ZONE } from "./time.tsx";

interface Props {
  readonly value: string;
  readonly onChoose: (zone: string) => void;
  readonly hint?: ReactNode;
}

/** Every zone that the browser knows, narrowed by typing: `denv` finds America/Denver. */
export function ZoneChoice({ value, onChoose, hint }: Props) {
  // The same 400 options as long as the choice is: a list of new ones is built anew, whatever else is typed beside it.
  const options = useMemo(() => {
    const zones = [...new Set([value, OWN_ZONE, "UTC", ...Intl.supportedValuesOf("timeZone")])].sort();
    return zones.map((zone) => ({ id: zone, name: zone.replaceAll("_", " ") }));
  }, [value]);
  return (
    <Choice
      label={strings.zones.label}
      options={options}
      value={value}
      onChoose={(zone) => zone !== null && onChoose(zone)}
      hint={hint}
    />
  );
}
