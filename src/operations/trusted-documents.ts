import { readFileSync } from "node:fs";
import type { GraphQLSchema } from "graphql";
import type { Caller } from "../access/caller.ts";
import { isRouter } from "../access/routed-caller.ts";
import { ConfigError } from "../environment.ts";
import { isJsonObject } from "../json.ts";
import { Documents } from "./documents.ts";
import { FAILURES, type Failure } from "./failures.ts";

/** How a request names its document. */
export interface DocumentReference {
  /** Empty if the request has only an id. */
  readonly text: string;
  /** The id of a trusted document; null if the request has none. */
  readonly documentId: string | null;
  readonly caller: Caller;
}

/** Decides which text a request stands for. */
export interface TrustedDocuments {
  textOf(reference: DocumentReference): string | Failure;
}

/** Every document may be executed: the text is the request's own. */
export const ANY_DOCUMENT: TrustedDocuments = { textOf: ({ text }) => text };

/** The form that GraphQL over HTTP proposes for hashes (https://github.com/graphql/graphql-over-http/pull/264). */
const HASH_PREFIX = "sha256:";

/**
 * Reads a manifest; only its documents may be executed, by their ids. Its format is that of
 * `@apollo/generate-persisted-query-manifest` or that of codegen's client preset. Throws ConfigError if the file cannot be
 * read, is neither, or has a document that the schema does not allow.
 */
export function readTrustedDocuments(path: string, schema: GraphQLSchema): TrustedDocuments {
  const byId = readManifest(path);
  const documents = new Documents(schema, true);
  for (const [id, text] of byId) {
    const document = documents.prepare(text);
    if (!("kind" in document)) {
      throw wrong(path, `its document ${id} is not valid: ${document.errors[0]?.message ?? ""}`);
    }
  }
  return {
    textOf: ({ text, documentId, caller }) => {
      if (documentId === null) {
        // A router makes a document of its own for each part of its client's, and no manifest can have them all.
        return isRouter(caller) && text !== "" ? text : FAILURES.documentIdRequired;
      }
      const hash = documentId.startsWith(HASH_PREFIX) ? documentId.slice(HASH_PREFIX.length) : documentId;
      return byId.get(documentId) ?? byId.get(hash) ?? FAILURES.documentNotTrusted;
    },
  };
}

function readManifest(path: string): ReadonlyMap<string, string> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw wrong(path, "it must be a file with JSON that this user may read");
  }
  if (!isJsonObject(manifest)) {
    throw wrong(path, NEITHER_FORMAT);
  }
  const entries = "operations" in manifest ? entriesOfApollo(manifest, path) : Object.entries(manifest);
  const byId = new Map<string, string>();
  for (const [id, text] of entries) {
    if (typeof id !== "string" || id === "" || typeof text !== "string") {
      throw wrong(path, NEITHER_FORMAT);
    }
    if (byId.has(id) && byId.get(id) !== text) {
      throw wrong(path, `it has two documents with the id ${id}`);
    }
    byId.set(id, text);
  }
  return byId;
}

function entriesOfApollo(
  { format, version, operations }: Readonly<Record<string, unknown>>,
  path: string,
): readonly [unknown, unknown][] {
  if (format !== "apollo-persisted-query-manifest" || version !== 1 || !Array.isArray(operations)) {
    throw wrong(path, NEITHER_FORMAT);
  }
  return operations.map((operation: unknown) =>
    isJsonObject(operation) ? [operation["id"], operation["body"]] : [null, null],
  );
}

const NEITHER_FORMAT =
  'it must be {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id", "body", …}]}, or ' +
  "{id: document}; npm run documents:extract makes one";

function wrong(path: string, reason: string): ConfigError {
  return new ConfigError(`TRUSTED_DOCUMENTS ${path} cannot be used: ${reason}.`);
}
