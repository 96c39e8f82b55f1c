import { isLoopbackHost } from "./loopback.ts";
import { isTimeZone } from "./time-zones.ts";

/** A variable that is missing or wrong; the message is one sentence that names it, and never holds a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** A line break at the end comes from a file that a secret was read out of; no platform takes it. */
function withoutControls(name: string, value: string): string {
  if (/\p{Cc}/u.test(value)) {
    throw new ConfigError(`${name} holds a line break or another control character: set it without.`);
  }
  return value;
}

/** The variables, by form. A blank one counts as not set. */
export class Environment {
  readonly #variables: NodeJS.ProcessEnv;

  constructor(variables: NodeJS.ProcessEnv) {
    this.#variables = variables;
  }

  text(name: string): string | null {
    const value = this.#variables[name]?.trim() ?? "";
    return value === "" ? null : withoutControls(name, value);
  }

  /** Letter for letter: a password may begin or end with a blank. */
  secret(name: string): string | null {
    return this.text(name) === null ? null : withoutControls(name, this.#variables[name] ?? "");
  }

  choice<Choice extends string, Otherwise extends Choice | null>(
    name: string,
    choices: readonly Choice[],
    otherwise: Otherwise,
  ): Choice | Otherwise {
    const value = this.text(name);
    if (value === null) {
      return otherwise;
    }
    const choice = choices.find((each) => each === value);
    if (choice === undefined) {
      throw new ConfigError(`${name} must be one of ${choices.join(", ")}.`);
    }
    return choice;
  }

  number(name: string, otherwise: number, { min, max }: { min: number; max: number }): number {
    const value = this.text(name) ?? String(otherwise);
    if (!/^\d+$/.test(value) || Number(value) < min || Number(value) > max) {
      throw new ConfigError(`${name} must be a whole number from ${min} to ${max}.`);
    }
    return Number(value);
  }

  /** Texts between commas, blank ones left out. */
  list(name: string, otherwise: string): string[] {
    const items = (this.text(name) ?? otherwise).split(",").map((item) => item.trim());
    return items.filter((item) => item !== "");
  }

  /** Origins as browsers write them (https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin), between commas. */
  origins(name: string): string[] {
    return this.list(name, "").map((text) => {
      const url = URL.canParse(text) ? new URL(text) : null;
      // A final slash is no part of it, but often written.
      if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/` || text.includes("*")) {
        throw new ConfigError(`${name} must be origins such as https://app.example.org, separated by commas.`);
      }
      return url.origin;
    });
  }

  /** An IANA time zone by its name; null where not set. */
  timeZone(name: string): string | null {
    const value = this.text(name);
    if (value !== null && !isTimeZone(value)) {
      throw new ConfigError(`${name} must be an IANA time zone, letter case included, such as America/New_York.`);
    }
    return value;
  }

  /** An http or https URL without a query; https, or http on a loopback address, since credentials travel over it. */
  url(name: string, otherwise: string): string {
    const value = this.text(name) ?? otherwise;
    const url = URL.canParse(value) ? new URL(value) : null;
    if (url === null || url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
      throw new ConfigError(`${name} must be a URL such as ${otherwise}, without credentials and query.`);
    }
    if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackHost(url.hostname))) {
      throw new ConfigError(`${name} must be an https URL: credentials travel over it.`);
    }
    return value;
  }
}
