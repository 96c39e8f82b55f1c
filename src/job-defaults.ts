import { ConfigError, type Environment } from "./environment.ts";

/** What jobs do unless their input says otherwise. */
export interface JobDefaults {
  /** Hours in which nobody is texted, by the clocks where each recipient is; equal ones mean none. */
  readonly quietHours: { readonly start: string; readonly end: string };
  /** Of recipients whose number and contact tell none. */
  readonly timeZone: string;
  /** Rows of one job that are carried out at once. */
  readonly rowsAtOnce: number;
}

const HOURS = /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Throws ConfigError if a variable is wrong. */
export function readJobDefaults(env: Environment): JobDefaults {
  const written = env.text("JOB_QUIET_HOURS") ?? "21:00-08:00";
  const [, start, end] = HOURS.exec(written) ?? [];
  if (start === undefined || end === undefined) {
    throw new ConfigError("JOB_QUIET_HOURS must be two times of day such as 21:00-08:00; equal ones mean none.");
  }
  return {
    quietHours: { start, end },
    timeZone: env.timeZone("JOB_TIME_ZONE") ?? "America/New_York",
    rowsAtOnce: env.number("JOB_ROWS_AT_ONCE", 8, { min: 1, max: 100 }),
  };
}
