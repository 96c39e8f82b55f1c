import { type Platform, PlatformError } from "../errors.ts";
import type { BreakerView, PlatformState } from "./guard.ts";

const CLOSED: BreakerView = { state: "CLOSED", retryAfterMilliseconds: 0 };

/** The methods that make no call. */
const NOTHING: { readonly state: () => PlatformState; readonly close: () => Promise<void> } = {
  state: () => ({
    suspendsReads: false,
    suspendsWrites: false,
    readBreaker: CLOSED,
    writeBreaker: CLOSED,
    inFlight: 0,
    waiting: 0,
    isFull: false,
  }),
  close: async () => undefined,
};

/** A client of a platform without credentials in this process: every call throws, and nothing is sent. */
export function createUnconfiguredClient<Client extends typeof NOTHING>(platform: Platform): Client {
  const refuse = async () => {
    throw new PlatformError(platform, "not-configured", `${platform} has no credentials`, { mayHaveTaken: false });
  };
  return new Proxy(NOTHING as Pick<Client, keyof typeof NOTHING> as Client, {
    get: (own, name) => Reflect.get(own, name) ?? refuse,
  });
}
