import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export const AUDIENCE = "textgraph";
export const ISSUER = "https://id.example.com/";

/** An issuer of tokens, its key set over real HTTP; disposed by scope. Its tokens expire an hour after `now`. */
export async function startIssuer(now = Date.now()) {
  const keys = new Map<string, Awaited<ReturnType<typeof generateKeyPair>>>();
  const addKey = async (kid: string) => keys.set(kid, await generateKeyPair("RS256", { extractable: true }));
  await addKey("one");
  let asked = 0;
  let isDown = false;
  const server = createServer(async (_request, response) => {
    asked += 1;
    if (isDown) {
      response.writeHead(503).end();
      return;
    }
    const published = [...keys].map(async ([kid, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      kid,
      alg: "RS256",
    }));
    response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: await Promise.all(published) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  return {
    url,
    /** Variables with which a server accepts its tokens. */
    env: { JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, JWKS_URL: url },
    addKey,
    get asked() {
      return asked;
    },
    set isDown(value: boolean) {
      isDown = value;
    },
    sign: (claims: Record<string, unknown> = {}, { kid = "one", alg = "RS256" } = {}) => {
      const key = keys.get(kid);
      if (key === undefined) {
        throw new Error(`no key ${kid}`);
      }
      const payload = { iss: ISSUER, aud: AUDIENCE, sub: "user|58", exp: Math.floor(now / 1_000) + 3_600, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(key.privateKey);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
