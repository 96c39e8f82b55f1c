import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { LRUCache } from "lru-cache";
import { UnconditionalSubscriptionRule } from "./single-root-field.ts";

// No screen needs deeper documents; the parser's own stack holds far more.
const PARSE_OPTIONS = { maxTokens: 1_500 } as const;
/** More than such documents have, unless most of their lines are empty. */
const MOST_LINES = 1_000;
// Measured: 3.8 kB of query made 422 kB of heap.
const HEAP_BYTES_PER_CHARACTER = 110;
const MOST_HEAP_BYTES = 64_000_000;
const MOST_HEAP_BYTES_OF_ONE = 2_000_000;

/** Why a document cannot be executed: the errors of the parser or of validation. */
export interface InvalidDocument {
  readonly code: "GRAPHQL_PARSE_FAILED" | "GRAPHQL_VALIDATION_FAILED";
  readonly document: DocumentNode | null;
  readonly errors: readonly GraphQLError[];
}

/**
 * Documents by their text, each parsed and validated once for all transports. Their number is bounded by the memory
 * they take.
 */
export class Documents {
  readonly #schema: GraphQLSchema;
  readonly #rules: typeof specifiedRules;
  readonly #valid = new LRUCache<string, DocumentNode>({
    maxSize: MOST_HEAP_BYTES,
    maxEntrySize: MOST_HEAP_BYTES_OF_ONE,
    sizeCalculation: (_document, text) => Math.max(1, text.length) * HEAP_BYTES_PER_CHARACTER,
  });

  /** `allowsIntrospection`: whether clients may read the schema. */
  constructor(schema: GraphQLSchema, allowsIntrospection: boolean) {
    this.#schema = schema;
    this.#rules = [
      ...specifiedRules,
      UnconditionalSubscriptionRule,
      ...(allowsIntrospection ? [] : [NoSchemaIntrospectionCustomRule]),
    ];
  }

  prepare(text: string): DocumentNode | InvalidDocument {
    const valid = this.#valid.get(text);
    if (valid !== undefined) {
      return valid;
    }
    let document: DocumentNode;
    try {
      document = parse(text, hasManyLines(text) ? { ...PARSE_OPTIONS, noLocation: true } : PARSE_OPTIONS);
    } catch (error) {
      if (error instanceof GraphQLError) {
        return { code: "GRAPHQL_PARSE_FAILED", document: null, errors: [error] };
      }
      throw error;
    }
    const errors = validate(this.#schema, document, this.#rules).map(explainAbort);
    if (errors.length > 0) {
      return { code: "GRAPHQL_VALIDATION_FAILED", document, errors };
    }
    this.#valid.set(text, document);
    return document;
  }
}

/**
 * graphql-js counts the lines before a place anew for each error: with a hundred thousand lines and some thousand errors
 * for seconds. Errors about such a document say where they are by their path alone.
 */
function hasManyLines(text: string): boolean {
  let lines = 1;
  for (const _end of text.length < MOST_LINES ? [] : text.matchAll(/[\n\r]/g)) {
    lines += 1;
    if (lines > MOST_LINES) {
      return true;
    }
  }
  return false;
}

/** The validator stops comparing after so many equal fields, and does not say so. */
function explainAbort(error: GraphQLError): GraphQLError {
  return error.message === "Validation aborted."
    ? new GraphQLError("The document repeats too many fields to be compared: ask for each field once.")
    : error;
}
