import { type Platform, PlatformError } from "../errors.ts";
import type { Route } from "./exchange.ts";

/** The statuses that can mean "there is no such record", if the platform itself says so in its own form. */
export const NOT_FOUND_STATUSES: ReadonlySet<number> = new Set([404, 410]);

/** A sentence that says that something does not exist, in the words of either platform and of Rails. */
export const NOT_FOUND_SENTENCE =
  /(?:\b(?:can)?not|n['’]t) (?:be )?(?:found|find|exist|known)\b|\bno such\b|\bno \w+ (?:has|with|(?:was )?found)\b|\bunknown (?:contact|user|group|series|survey|participant|campaign|poll|mailing|response|record|id)\b/i;

/** Nouns of the records that can be read by id, as the routes have them. */
const NOUNS = /(?<=\/)(?:contact|user|group|participant|campaign|poll|mailing|response)(?=s?(?:\/|$))/g;

/** Whether a sentence names the kind of record that the route is about. */
export function namesRecordOf(route: Route, sentence: string): boolean {
  const nouns = [...(route.match(NOUNS) ?? []), "record"];
  return new RegExp(`\\b(?:${nouns.join("|")})\\b`, "i").test(sentence);
}

/** Whether a sentence says no more than the status does. */
export function saysNoMore(sentence: string): boolean {
  return /^\W*(?:(?:not found|gone)\W*)?$/i.test(sentence);
}

/**
 * The error of a 4xx that is not in the platform's own form: a proxy's page, or another program's JSON. A read cannot
 * use it. A write was not carried out, and no id is blamed for it.
 */
export function foreignAnswer(platform: Platform, route: Route, status: number): PlatformError {
  return route.startsWith("GET ")
    ? new PlatformError(platform, "shape", `${route}: ${status} in another form than the platform's`, {
        status,
        mayHaveTaken: false,
      })
    : new PlatformError(platform, "refused", `${route}: refused with ${status}, not in the platform's form`, {
        status: NOT_FOUND_STATUSES.has(status) ? null : status,
        mayHaveTaken: false,
      });
}

/** True if the platform itself says that there is no such record. */
export function isNotFound(error: PlatformError): boolean {
  return error.reason === "refused" && error.status === 404;
}
