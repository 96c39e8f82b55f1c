import { Moon } from "lucide-react";
import { OWN_ZONE, showSoonIn } from "../parts/time.tsx";
import { useAccountZone } from "../session.tsx";
import { strings } from "../strings.ts";
import type { SendDraft } from "./draft.ts";

const words = strings.send;

interface Props {
  readonly check: { readonly acceptedCount: number; readonly quietCount: number; readonly quietEndsAt: string | null };
  readonly hours: SendDraft["hours"];
}

/** Who does not get it at once, because it is night where they are. */
export function Sleepers({ check: { acceptedCount, quietCount, quietEndsAt }, hours }: Props) {
  const zone = useAccountZone();
  const isEverybody = quietCount === acceptedCount && quietCount > 1;
  const who = isEverybody ? words.allAsleep : words.someAsleep(quietCount);
  return (
    <p className="sleepers" role="status">
      <Moon aria-hidden size={18} />
      {quietEndsAt === null ? (
        hours === "night" ? (
          words.nobodyAsleep
        ) : (
          words.hoursKinds[hours]
        )
      ) : (
        <span>
          {who} {words.wakeAt(quietCount, showSoonIn(quietEndsAt, zone))}
          {zone !== OWN_ZONE && (
            <span className="muted">{strings.zones.forYou(showSoonIn(quietEndsAt, OWN_ZONE))}</span>
          )}
        </span>
      )}
    </p>
  );
}
