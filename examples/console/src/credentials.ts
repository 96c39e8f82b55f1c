/** Where the graph is, and the key that opens it; an empty key where the server asks for none. */
export interface Credentials {
  readonly url: string;
  readonly key: string;
}

// The key lives as long as the tab: a reload keeps it, another tab or a restart of the browser asks again. The address of
// the graph is no secret and is remembered.
const KEY = "console.key";
const URL_NAME = "console.graph";
const DEFAULT_URL = "http://127.0.0.1:4000/graphql";

/** A key is kept together with the graph that it was entered for, and sent to no other. */
export function readCredentials(): Credentials {
  const asked = new URLSearchParams(location.search).get("graph");
  const url = asked ?? localStorage.getItem(URL_NAME) ?? DEFAULT_URL;
  const [keptFor, key] = (sessionStorage.getItem(KEY) ?? "").split("\n");
  return { url, key: keptFor === url ? (key ?? "") : "" };
}

export function keepCredentials({ url, key }: Credentials): void {
  localStorage.setItem(URL_NAME, url);
  sessionStorage.setItem(KEY, `${url}\n${key}`);
}
