import type { Context } from "../context.ts";

/**
 * `extensions.platforms`: where an operation's records come from, so that frontends see what it costs. `source`: `called`,
 * `shared` with another operation whose call was under way, or `kept`.
 */
export function platformsOf({ calls }: Context): readonly object[] {
  return calls.map((call) => {
    if ("milliseconds" in call) {
      return { ...call, milliseconds: Math.round(call.milliseconds * 10) / 10, source: "called" };
    }
    return "kept" in call
      ? { ...call, source: "kept" }
      : { platform: call.platform, route: call.route, source: "shared" };
  });
}
