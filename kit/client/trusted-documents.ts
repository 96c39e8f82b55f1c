/** What is read of a manifest in Apollo's format: of `trusted-documents.json`, or of what `npm run documents:extract` writes. */
export interface TrustedDocuments {
  readonly operations: readonly { readonly id: string; readonly name: string }[];
}

/**
 * What goes out in place of an operation's text, by its name. Throws for one that the manifest lacks, so that a forgotten
 * extraction is noticed against a server without `TRUSTED_DOCUMENTS` too.
 */
export function createPersisting({ operations }: TrustedDocuments): (name: string | undefined) => Persisted {
  const ids = new Map(operations.map(({ name, id }) => [name, id]));
  return (name) => {
    const sha256Hash = ids.get(name ?? "");
    if (sha256Hash === undefined) {
      throw new Error(`The trusted documents do not contain ${name}: extract them again.`);
    }
    return { persistedQuery: { version: 1, sha256Hash } };
  };
}

/** The extensions of a request that names its document by its id. */
export interface Persisted {
  readonly persistedQuery: { readonly version: 1; readonly sha256Hash: string };
}
