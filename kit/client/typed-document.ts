import type { DocumentNode } from "graphql";

/**
 * A parsed document that carries the types of its answer and of its variables. The same shape as in
 * @graphql-typed-document-node/core, so every client that takes that takes this.
 */
export interface TypedDocumentNode<Data = Record<string, unknown>, Variables = Record<string, unknown>>
  extends DocumentNode {
  /** Exists for the compiler alone. */
  readonly __apiType?: (variables: Variables) => Data;
}
