import { isJsonObject } from "../json.ts";
import type { Answer } from "../rest/answer.ts";
import type { Route } from "../rest/exchange.ts";
import { hasErrorKeysAlone } from "./refusals.ts";

/**
 * True if the answer says that nobody is signed in, whatever its HTTP status: its body has the code 401, or a sentence
 * of an authentication library (docs/platforms.md T-1). The platform has not acted then.
 */
export function isSignedOut(route: Route, { status, body }: Answer): boolean {
  // A success that contains a record was carried out, whatever else it contains.
  if (!isJsonObject(body) || (status < 300 && !hasErrorKeysAlone(route, body))) {
    return false;
  }
  if (Number(body["status"]) === 401 || Number(body["code"]) === 401) {
    return true;
  }
  // In a success, only the keys of errors count.
  const sentences = [body["error"], body["errors"], status < 300 ? undefined : body["message"]].flat();
  return sentences.some((sentence) => typeof sentence === "string" && SIGNED_OUT.test(sentence));
}

/**
 * True if a redirect leads to a sign-in page. The platform has not acted then. A redirect of the sign-in to itself
 * elsewhere says that the base URL is wrong, and nothing about the credentials.
 */
export function isSignInPage(location: string, route: Route): boolean {
  // Any host will do.
  const path = URL.parse(location, "https://textizen.invalid")?.pathname ?? "";
  const isItself = path.replace(/\/$/, "").endsWith(route.slice(route.indexOf(" ") + 1));
  return !isItself && /\/(?:sign_?-?in|log_?-?in|session(?:s|s?\/new)?)\/?$/i.test(path);
}

const SIGNED_OUT =
  /\b(?:sign|log|signed|logged) in\b|\bsession\b.*\b(?:expired|timed out|ended)\b|^(?:unauthori[sz]ed|unauthenticated|not authenticated)\W*$|\b(?:invalid|expired|missing)\b.*\bauth\w*[ _]token\b|^(?:invalid|expired|missing) token\W*$/i;
