import type { ReactNode } from "react";
import { strings } from "../strings.ts";
import { Choice } from "./choice.tsx";

/** Where the clocks of the person at the screen are. */
export const OWN_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

interface Props {
  readonly value: string;
  readonly onChoose: (zone: string) => void;
  readonly hint?: ReactNode;
}

/** Every zone that the browser knows, narrowed by typing: `denv` finds America/Denver. */
export function ZoneChoice({ value, onChoose, hint }: Props) {
  const zones = [...new Set([value, OWN_ZONE, "UTC", ...Intl.supportedValuesOf("timeZone")])].sort();
  return (
    <Choice
      label={strings.zones.label}
      options={zones.map((zone) => ({ id: zone, name: zone.replaceAll("_", " ") }))}
      value={value}
      onChoose={(zone) => zone !== null && onChoose(zone)}
      hint={hint}
    />
  );
}
