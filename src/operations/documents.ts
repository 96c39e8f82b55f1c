import {
  type DocumentNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { UnconditionalSubscriptionRule } from "./single-root-field.ts";

export interface DocumentsOptions {
  readonly schema: GraphQLSchema;
  /** What clients see of an error. */
  readonly format: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
}

// Deeper documents than any screen needs; the parser's own stack holds far more.
export const PARSE_OPTIONS = { maxTokens: 1_500 } as const;
// What a frontend's screens ask, many times over; together under 4 MB of text.
const KNOWN = 500;
const LONGEST = 8_192;
const RULES = [...specifiedRules, UnconditionalSubscriptionRule];

/**
 * Documents by their text, parsed and validated once. Apollo Server does so for what comes by POST and GET; transports
 * that last come past it.
 */
export class Documents {
  readonly #options: DocumentsOptions;
  readonly #known = new Map<string, DocumentNode>();

  constructor(options: DocumentsOptions) {
    this.#options = options;
  }

  /** The document, where it can be executed; else what is wrong with it, as clients may see it. */
  prepare(text: string): DocumentNode | readonly GraphQLError[] {
    const known = this.#known.get(text);
    if (known !== undefined) {
      // Least recently used first.
      this.#known.delete(text);
      this.#known.set(text, known);
      return known;
    }
    const prepared = this.#parse(text);
    if ("kind" in prepared && text.length <= LONGEST) {
      const [oldest] = this.#known.keys();
      if (this.#known.size === KNOWN && oldest !== undefined) {
        this.#known.delete(oldest);
      }
      this.#known.set(text, prepared);
    }
    return prepared;
  }

  #parse(text: string): DocumentNode | readonly GraphQLError[] {
    let document: DocumentNode;
    try {
      document = parse(text, PARSE_OPTIONS);
    } catch (error) {
      return [this.#refuse(error, "GRAPHQL_PARSE_FAILED")];
    }
    // Introspection is for queries, which Apollo Server executes, and refuses where it is not to be.
    const errors = validate(this.#options.schema, document, RULES);
    return errors.length === 0 ? document : errors.map((error) => this.#refuse(error, "GRAPHQL_VALIDATION_FAILED"));
  }

  #refuse(error: unknown, code: string): GraphQLError {
    if (!(error instanceof GraphQLError)) {
      throw error;
    }
    const { nodes = null, source = null, positions = null } = error;
    const { message, extensions } = this.#options.format({ ...error.toJSON(), extensions: { code } }, error);
    return new GraphQLError(message, { nodes, source, positions, extensions });
  }
}
