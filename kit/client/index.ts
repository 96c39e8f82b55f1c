export * from "../generated/documents.ts";
export type * from "../generated/schema.ts";
export { type Advice, adviceOnError, ERROR_CODES, type ErrorCode, isErrorCode } from "./error-codes.ts";
export { newIdempotencyKey, withIdempotencyKeys } from "./idempotency.ts";
export { createLiveClient, type Headers, type LiveOptions, type Payload, resumable } from "./live.ts";
export {
  type Outcome,
  type OutcomeError,
  type PlainAnswer,
  type Request,
  type RetryOptions,
  retryDelay,
  sendWithRetries,
} from "./retry.ts";
export type { TrustedDocuments } from "./trusted-documents.ts";
export type { TypedDocumentNode } from "./typed-document.ts";
export { adviceOnUserError, isUserErrorCode, USER_ERROR_CODES, type UserErrorCode } from "./user-error-codes.ts";
