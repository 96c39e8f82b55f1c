import type { DocumentNode } from "graphql";
import { adviceOnError } from "./error-codes.ts";
import { isKeyed, operationOf, withIdempotencyKeys } from "./idempotency.ts";

/** What one try gave: an answer, or the error that kept it from coming. */
export interface Outcome {
  readonly data?: unknown;
  readonly errors?: readonly OutcomeError[] | undefined;
  /** No answer of the graph came: the network failed, or a proxy answered. */
  readonly networkError?: unknown;
}

/** An error as the graph sends it. */
export interface OutcomeError {
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export interface RetryOptions {
  /** How often a request is sent at most; 5 by default. */
  readonly tries?: number;
  /** Milliseconds before the second try, doubled for each further one; 500 by default. */
  readonly delayMilliseconds?: number;
  /** Longest wait in milliseconds. If the graph asks for more, the error is passed on. 20,000 by default. */
  readonly longestDelayMilliseconds?: number;
  /** 0 to 1, for tests. */
  readonly random?: () => number;
}

export interface Request {
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
  /** How often it has been sent. */
  readonly tries: number;
}

/**
 * Milliseconds until the same request may be sent again, or null if it must not be. A mutation is repeated only if a
 * key guards it; an unknown outcome never is, and neither is what only a person can correct.
 */
export function retryDelay(request: Request, outcome: Outcome, options: RetryOptions = {}): number | null {
  const { tries = 5, delayMilliseconds = 500, longestDelayMilliseconds = 20_000, random = Math.random } = options;
  const { document, variables } = request;
  const kind = operationOf(document)?.operation;
  if (request.tries >= tries || kind === "subscription" || (kind === "mutation" && !isKeyed(document, variables))) {
    return null;
  }
  const told = toldDelay(outcome);
  if (told === null || told > longestDelayMilliseconds) {
    return null;
  }
  const grown = Math.min(delayMilliseconds * 2 ** (request.tries - 1), longestDelayMilliseconds);
  return told + grown * (0.5 + random() / 2);
}

/** Milliseconds that the graph asks to wait, 0 if it names none; null if another try is of no use or not allowed. */
function toldDelay({ data, errors = [], networkError }: Outcome): number | null {
  if (networkError !== undefined && networkError !== null && errors.length === 0) {
    return mayPass(networkError) ? 0 : null;
  }
  if (isInProgress(data)) {
    return 0;
  }
  // An error deeper down leaves the rest of the answer good.
  const whole = errors.filter(({ path = [] }) => path.length <= 1);
  if (whole.length === 0 || whole.length < errors.length || hasAnswer(data)) {
    return null;
  }
  const isHopeless = whole.some(({ extensions = {} }) => {
    const { retry } = adviceOnError(String(extensions["code"]));
    return extensions["retryable"] === false || retry !== "program";
  });
  const waits = whole.map(({ extensions }) => Number(extensions?.["retryAfter"] ?? 0) * 1_000);
  return isHopeless ? null : Math.max(...waits);
}

function hasAnswer(data: unknown): boolean {
  return typeof data === "object" && data !== null && Object.values(data).some((value) => value !== null);
}

function isInProgress(data: unknown): boolean {
  const payloads: unknown[] = typeof data === "object" && data !== null ? Object.values(data) : [];
  return payloads
    .flatMap((payload): unknown[] =>
      typeof payload === "object" && payload !== null && "userErrors" in payload && Array.isArray(payload.userErrors)
        ? payload.userErrors
        : [],
    )
    .some(
      (error) => typeof error === "object" && error !== null && "code" in error && error.code === "ATTEMPT_IN_PROGRESS",
    );
}

/** A proxy's refusal does not pass by itself; its "try later" and a failed connection may. */
function mayPass(error: unknown): boolean {
  const about = typeof error === "object" && error !== null ? error : {};
  if ("name" in about && about.name === "AbortError") {
    return false;
  }
  const status = "statusCode" in about ? Number(about.statusCode) : null;
  return status === null || status >= 500 || status === 408 || status === 429;
}

/** What any client sends and reads, for those that have no link or exchange. */
export interface PlainAnswer<Data> {
  readonly data?: Data | null | undefined;
  readonly errors?: readonly (OutcomeError & { readonly message: string })[] | undefined;
}

/**
 * Sends an operation with a client of your own (`send`), again with the same key as often as that is safe. Resolves
 * with the last answer; rejects with what the last try threw.
 */
export async function sendWithRetries<Data, Variables extends Readonly<Record<string, unknown>>>(
  document: DocumentNode,
  given: Variables,
  send: (variables: Variables) => Promise<PlainAnswer<Data>>,
  options: RetryOptions = {},
): Promise<PlainAnswer<Data>> {
  const variables = withIdempotencyKeys(document, given);
  for (let tries = 1; ; tries += 1) {
    const [answer, networkError] = await send(variables).then(
      (value) => [value, undefined] as const,
      (error: unknown) => [undefined, error ?? new Error("The request failed.")] as const,
    );
    const delay = retryDelay({ document, variables, tries }, answer ?? { networkError }, options);
    if (delay !== null) {
      await new Promise((resolve) => setTimeout(resolve, delay));
    } else if (answer !== undefined) {
      return answer;
    } else {
      throw networkError;
    }
  }
}
