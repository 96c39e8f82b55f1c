import { type Platform, PlatformError } from "../errors.ts";

/** A client of a platform without credentials in this process: every call throws, and nothing is sent. */
export function createUnconfiguredClient<Client extends { readonly close: () => Promise<void> }>(
  platform: Platform,
): Client {
  const refuse = async () => {
    throw new PlatformError(platform, "not-configured", `${platform} has no credentials`, { mayHaveTaken: false });
  };
  const nothing = { close: async () => undefined };
  return new Proxy(nothing as Pick<Client, keyof typeof nothing> as Client, {
    get: (own, name) => Reflect.get(own, name) ?? refuse,
  });
}
