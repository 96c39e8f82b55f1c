import { describeError, withoutPersonal } from "./redaction.ts";

/** Where lines are written: stderr, or a test's collection. */
export interface LogStream {
  write(line: string): unknown;
}

/**
 * Writes all lines of one turn of the event loop at once: under load, a write for each costs more than the line. What is
 * not written yet when the process ends is written then.
 */
export function createLineStream(output: LogStream): LogStream & { flushSync(): void } {
  let lines = "";

  function flushSync(): void {
    if (lines !== "") {
      const written = lines;
      lines = "";
      output.write(written);
    }
  }

  process.on("exit", flushSync);
  return {
    write: (line) => {
      if (lines === "") {
        setImmediate(flushSync);
      }
      lines += line;
    },
    flushSync,
  };
}

type Reader = (value: unknown) => unknown;

const matching =
  (form: RegExp): Reader =>
  (value) =>
    typeof value === "string" && form.test(value) ? value : undefined;
const finite: Reader = (value) =>
  typeof value === "number" && Number.isFinite(value) ? Math.round(value * 10) / 10 : undefined;
const cost: Reader = (value) =>
  typeof value === "object" && value !== null && "calls" in value && "objects" in value
    ? { calls: finite(value.calls), objects: finite(value.objects) }
    : undefined;
const codes: Reader = (value) =>
  Array.isArray(value) ? value.filter((code) => typeof code === "string" && /^[A-Z_]{1,60}$/.test(code)) : undefined;

/**
 * All that a log line may have, and the form of each. Everything else is dropped when the line is written, whoever wrote
 * it: this server, fastify or a library. None of these forms holds a text, a number of a person, an address or a secret.
 */
const FIELDS: Readonly<Record<string, Reader>> = {
  level: finite,
  time: (value) => (typeof value === "number" ? value : undefined),
  pid: (value) => (typeof value === "number" ? value : undefined),
  requestId: matching(/^[A-Za-z0-9._-]{1,140}$/),
  traceId: matching(/^[0-9a-f]{32}$/),
  kind: matching(/^(query|mutation|subscription)$/),
  operation: matching(/^[_A-Za-z][_0-9A-Za-z]{0,63}$/),
  document: matching(/^[0-9a-f]{64}$/),
  caller: matching(/^(anonymous|key:[A-Za-z0-9._-]{1,64}|token:[0-9a-f]{16})$/),
  outcome: matching(/^(ok|partial|refused|failed)$/),
  codes,
  milliseconds: finite,
  asked: cost,
  actual: cost,
  calls: finite,
  events: finite,
  // Written by `describeError`, the only serializer.
  err: (value) => value,
  msg: (value) => withoutPersonal(String(value)),
};

/** Of these values, the fields above that have their form. */
export function onlyFields(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(values)) {
    const read = Object.hasOwn(FIELDS, name) ? FIELDS[name]?.(values[name]) : undefined;
    if (read !== undefined) {
      kept[name] = read;
    }
  }
  return kept;
}

type LogMethod = (this: unknown, fields: object, message: string) => void;

/** Options of fastify's logger, which is pino. */
export function createLogOptions(level: string, stream: LogStream) {
  return {
    level,
    stream,
    base: { pid: process.pid },
    serializers: { err: describeError },
    hooks: {
      // Without a message, pino would take the error's own; further arguments would be put into the message.
      logMethod(this: unknown, [first, second]: readonly unknown[], log: LogMethod) {
        const fields =
          first instanceof Error ? { err: first } : typeof first === "object" && first !== null ? first : {};
        log.call(this, fields, typeof first === "string" ? first : typeof second === "string" ? second : "");
      },
      streamWrite: (line: string) => `${JSON.stringify(onlyFields(JSON.parse(line)))}\n`,
    },
  };
}
