import type { Context } from "../context.ts";

/** `extensions.platforms`: the platform calls that an operation made, so that frontends see what it costs. */
export function platformsOf({ calls }: Context): readonly object[] {
  return calls.map((call) =>
    "milliseconds" in call ? { ...call, milliseconds: Math.round(call.milliseconds * 10) / 10 } : call,
  );
}
