import type { Platform, PlatformErrorReason } from "../errors.ts";

/** How one attempt at a platform call ended. `not-sent`: this server refused it right before its first byte. */
export type CallOutcome = "ok" | "not-sent" | PlatformErrorReason;

/** Counts platform calls, whoever made them. Called with names and numbers only. */
export interface CallMeter {
  /** `route`: method and template, as the platform's document writes it. */
  ended(platform: Platform, route: string, outcome: CallOutcome, milliseconds: number): void;
}
