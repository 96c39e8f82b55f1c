import type { Credentials } from "./credentials.ts";
import documents from "./generated/document-ids.json";
import type { ConversationsQuery } from "./generated/inbox.ts";
import type { ViewerQuery } from "./generated/session.ts";
import { FIRST_PAGE } from "./inbox/first-page.ts";

// What is asked before the rest of the console is there, so that the answers come while it is loaded: who the key is, and
// what the inbox shows first. Without Apollo Client, which is a part of the rest.

export interface FirstAnswers {
  readonly viewer: Promise<Answer>;
  /**
   * Null without a key, if another section is opened, or if it could not be read: the inbox asks by itself then, and says
   * what is wrong.
   */
  readonly inbox: Promise<Result<ConversationsQuery> | null>;
}

export type Answer =
  | {
      readonly name: "viewer";
      readonly viewer: ViewerQuery["viewer"];
      /** Whether the server knows documents by their ids; one without `TRUSTED_DOCUMENTS` takes texts. */
      readonly areTrusted: boolean;
      readonly result: Result<ViewerQuery>;
    }
  | { readonly name: "refused" | "unreachable" };

export interface Result<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: unknown } }[];
  readonly extensions?: unknown;
  /** Until the answer was there. */
  readonly milliseconds: number;
}

/** `pathname`: of the page that is opened. */
export function askFirst(credentials: Credentials, pathname: string): FirstAnswers {
  const isInbox = ["", "inbox"].includes(pathname.split("/")[1] ?? "");
  return {
    viewer: askViewer(credentials).catch(() => ({ name: "unreachable" })),
    inbox: isInbox && credentials.key !== "" ? askInbox(credentials).catch(() => null) : Promise.resolve(null),
  };
}

/** Asks who a key is. Once: somebody waits at a form. */
async function askViewer(credentials: Credentials): Promise<Answer> {
  const byId = await post<ViewerQuery>(credentials, persisted("Viewer"));
  const areTrusted = !hasCode(byId, "PERSISTED_QUERY_NOT_FOUND");
  const result = areTrusted ? byId : await post<ViewerQuery>(credentials, await texts("Viewer"));
  if (result === null) {
    return { name: "refused" };
  }
  return result.data ? { name: "viewer", viewer: result.data.viewer, areTrusted, result } : { name: "unreachable" };
}

async function askInbox(credentials: Credentials): Promise<Result<ConversationsQuery> | null> {
  const result = await post<ConversationsQuery>(credentials, { ...persisted("Conversations"), variables: FIRST_PAGE });
  return result?.data && result.errors === undefined ? result : null;
}

function persisted(operationName: string): object {
  const sha256Hash = documents.operations.find(({ name }) => name === operationName)?.id;
  return { operationName, extensions: { persistedQuery: { version: 1, sha256Hash } } };
}

async function texts(operationName: string): Promise<object> {
  const { operations } = await import("./generated/trusted-documents.json");
  return { operationName, query: operations.find(({ name }) => name === operationName)?.body };
}

/** Null if the key is refused; rejects if no answer comes, or none of a graph. */
async function post<Data>({ url, key }: Credentials, body: object): Promise<Result<Data> | null> {
  const startedAt = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json",
      "x-textgraph-cost": "1",
      ...(key !== "" && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
  });
  if (response.status === 401) {
    await response.body?.cancel();
    return null;
  }
  return { ...(await response.json()), milliseconds: performance.now() - startedAt };
}

function hasCode(result: Result<unknown> | null, code: string): boolean {
  return (result?.errors ?? []).some(({ extensions }) => extensions?.code === code);
}
