import { isIP } from "node:net";
import { isLoopbackHost } from "./loopback.ts";
import { isRegion, type Region } from "./phone.ts";
import { isTimeZone } from "./time-zones.ts";

/** A variable is missing or wrong. The message is one sentence that names it and contains no secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Refuses, for instance, the line break at the end of a secret that was read from a file: no platform accepts it. */
function withoutControls(name: string, value: string): string {
  if (/\p{Cc}/u.test(value)) {
    throw new ConfigError(`${name} holds a line break or another control character: set it without.`);
  }
  return value;
}

/** Reads variables by their form. A blank variable counts as not set. */
export class Environment {
  readonly #variables: NodeJS.ProcessEnv;

  constructor(variables: NodeJS.ProcessEnv) {
    this.#variables = variables;
  }

  text(name: string): string | null {
    const value = this.#variables[name]?.trim() ?? "";
    return value === "" ? null : withoutControls(name, value);
  }

  /** The value unchanged: a password can begin or end with a blank. */
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

  /** A country's code. */
  region(name: string, otherwise: Region): Region {
    const value = this.text(name)?.toUpperCase() ?? otherwise;
    if (!isRegion(value)) {
      throw new ConfigError(`${name} must be a country's code of two letters (ISO 3166-1), such as US.`);
    }
    return value;
  }

  number(name: string, otherwise: number, { min, max }: { min: number; max: number }): number {
    const value = this.text(name) ?? String(otherwise);
    if (!/^\d+$/.test(value) || Number(value) < min || Number(value) > max) {
      throw new ConfigError(`${name} must be a whole number from ${min} to ${max}.`);
    }
    return Number(value);
  }

  /** The items of a list separated by commas, without the blank ones. */
  list(name: string, otherwise: string): string[] {
    const items = (this.text(name) ?? otherwise).split(",").map((item) => item.trim());
    return items.filter((item) => item !== "");
  }

  /** Names of servers or their addresses, separated by commas, without ports. */
  names(name: string): string[] {
    return this.list(name, "").map((item) => {
      const url = URL.parse(`https://${item}`);
      // `x:443` has the default port, which a parsed URL does not show.
      if (url === null || url.href !== `https://${url.hostname}/` || /\*|:\d*$/.test(item)) {
        throw new ConfigError(`${name} must be names without ports, separated by commas, such as texts.example.org.`);
      }
      return url.hostname;
    });
  }

  /** Addresses or CIDR ranges separated by commas. */
  networks(name: string): string[] {
    return this.list(name, "").map((item) => {
      const [address = "", length = "32", ...more] = item.split("/");
      const longest = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
      if (more.length > 0 || !/^[1-9]\d{0,2}$/.test(length) || Number(length) > longest) {
        throw new ConfigError(`${name} must be addresses or CIDR ranges, separated by commas, such as 10.0.0.0/8.`);
      }
      return item;
    });
  }

  /** Hosts separated by commas, in the form that a parsed URL has them: lower case, without the default port. */
  hosts(name: string): string[] {
    return this.list(name, "").map((item) => {
      const url = URL.parse(`https://${item}`);
      if (url === null || url.href !== `https://${url.host}/` || item.includes("*")) {
        throw new ConfigError(`${name} must be hosts separated by commas, such as app.example.com.`);
      }
      return url.host;
    });
  }

  /** Origins as browsers write them (https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin), separated by commas. */
  origins(name: string): string[] {
    return this.list(name, "").map((text) => {
      const url = URL.canParse(text) ? new URL(text) : null;
      // A final slash is not part of an origin, but it is often written.
      if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/` || text.includes("*")) {
        throw new ConfigError(`${name} must be origins such as https://app.example.org, separated by commas.`);
      }
      return url.origin;
    });
  }

  /** The name of an IANA time zone; null if not set. */
  timeZone(name: string): string | null {
    const value = this.text(name);
    if (value !== null && !isTimeZone(value)) {
      throw new ConfigError(`${name} must be an IANA time zone, letter case included, such as America/New_York.`);
    }
    return value;
  }

  /** A URL without a query. Credentials travel over it: it must be https, or http on a loopback address. */
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
