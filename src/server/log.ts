import { PlatformError } from "../errors.ts";

type LoggedError = {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly cause?: LoggedError;
  readonly platform?: string;
  readonly reason?: string;
  readonly status?: number | null;
};

/** An error whose message may contain anything: its kind and where it was thrown. */
export function withoutMessage(error: unknown): Error {
  const { name, stack = "" } = error instanceof Error ? error : new TypeError();
  const shown = new Error("not shown");
  shown.name = name;
  shown.stack = stack
    .split("\n")
    .filter((line) => /^ {4}at \S+.*:\d+:\d+\)?$/.test(line))
    .join("\n");
  return shown;
}

/**
 * An error as the log shows it: only what this server said of it. A platform's own sentence may contain a name, a
 * number or a text.
 */
export function describeForLog(error: unknown): LoggedError {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: "not an error", stack: "" };
  }
  if (error instanceof SyntaxError) {
    // V8 quotes text that it cannot parse.
    return { type: error.name, message: "could not be parsed", stack: "" };
  }
  return {
    type: error.name,
    message: error.message,
    stack: error.stack ?? "",
    ...(error.cause instanceof Error && { cause: describeForLog(error.cause) }),
    ...(error instanceof PlatformError && { platform: error.platform, reason: error.reason, status: error.status }),
  };
}
