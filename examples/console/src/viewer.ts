import type { ViewerQuery } from "./generated/session.ts";
import trustedDocuments from "./generated/trusted-documents.json";
import type { Credentials } from "./graph.ts";

type Answer =
  | { readonly name: "viewer"; readonly viewer: Viewer; readonly areTrusted: boolean; readonly result: Result }
  | { readonly name: "refused" | "unreachable" };

type Viewer = ViewerQuery["viewer"];

interface Result {
  readonly data?: ViewerQuery | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: unknown } }[];
  readonly extensions?: unknown;
}

const OPERATION = "Viewer";
const DOCUMENT = trustedDocuments.operations.find(({ name }) => name === OPERATION);

/**
 * Asks who a key is, without Apollo Client, which is loaded meanwhile. Once: somebody waits at a form. A server without
 * TRUSTED_DOCUMENTS knows no ids and takes the text.
 */
export async function askViewer(credentials: Credentials): Promise<Answer> {
  try {
    const persistedQuery = { version: 1, sha256Hash: DOCUMENT?.id };
    const first = await post(credentials, { extensions: { persistedQuery } });
    const areTrusted = !knowsNoIds(first);
    const result = areTrusted ? first : await post(credentials, { query: DOCUMENT?.body });
    if (result === "refused") {
      return { name: "refused" };
    }
    return result.data ? { name: "viewer", viewer: result.data.viewer, areTrusted, result } : { name: "unreachable" };
  } catch {
    // No answer, or none of a graph.
    return { name: "unreachable" };
  }
}

async function post({ url, key }: Credentials, body: object): Promise<Result | "refused"> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json",
      "x-textgraph-cost": "1",
      ...(key !== "" && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ operationName: OPERATION, ...body }),
  });
  if (response.status === 401) {
    await response.body?.cancel();
    return "refused";
  }
  return response.json();
}

function knowsNoIds(result: Result | "refused"): boolean {
  return (
    result !== "refused" &&
    (result.errors ?? []).some(({ extensions }) => extensions?.code === "PERSISTED_QUERY_NOT_FOUND")
  );
}
