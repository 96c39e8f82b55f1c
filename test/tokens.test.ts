import { createPublicKey } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { expect, test } from "vitest";
import { createTokens } from "../src/access/tokens.ts";
import { AUDIENCE, ISSUER, startIssuer } from "./issuer.ts";

const START = Date.parse("2026-05-01T00:00:00Z");

/** An issuer, and what this server makes of its tokens, on a clock that the test sets. */
async function startTokens() {
  const issuer = await startIssuer(START);
  let time = START;
  const { verify } = createTokens({
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUrl: issuer.url,
    now: () => time,
    warn: () => undefined,
  });
  return Object.assign(issuer, {
    verify,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
  });
}

test("a good token names its subject and scopes, whether they come as a text or as a list", async () => {
  await using issuer = await startTokens();

  const caller = await issuer.verify(await issuer.sign({ scope: "openid contacts:read polls:read" }));
  const other = await issuer.verify(await issuer.sign({ scp: ["messages:send", "__proto__", 7] }));

  expect(caller?.id).toBe("token:user|58");
  expect([...(caller?.scopes ?? [])]).toEqual(["contacts:read", "polls:read"]);
  expect([...(other?.scopes ?? [])]).toEqual(["messages:send"]);
  expect(issuer.asked).toBe(1);
});

test.each([
  ["another issuer", { iss: "https://evil.example.com/" }],
  ["another audience", { aud: "payroll" }],
  ["no subject", { sub: undefined }],
  ["an empty subject", { sub: "" }],
  ["a subject that is no text", { sub: { id: 58 } }],
  ["no expiry", { exp: undefined }],
  ["an expiry that passed over 30 seconds ago", { exp: START / 1_000 - 31 }],
  ["a beginning over 30 seconds ahead", { nbf: START / 1_000 + 31 }],
])("a token with %s is not good", async (_what, claims) => {
  await using issuer = await startTokens();

  expect(await issuer.verify(await issuer.sign(claims))).toBeNull();
});

test("clocks may differ by 30 seconds", async () => {
  await using issuer = await startTokens();

  expect((await issuer.verify(await issuer.sign({ exp: START / 1_000 - 29 })))?.expiresAt).toBe(START + 1_000);
  expect(await issuer.verify(await issuer.sign({ nbf: START / 1_000 + 29 }))).not.toBeNull();
});

test("a token signed with the public key for a secret, or not at all, is not good", async () => {
  await using issuer = await startTokens();
  const good = await issuer.sign();
  const [, payload, signature] = good.split(".");
  const unsigned = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  const symmetric = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "x", exp: START / 1_000 + 60 })
    .setProtectedHeader({ alg: "HS256", kid: "one" })
    .sign(Buffer.alloc(64, 1));

  expect(await issuer.verify(`${unsigned}.${payload}.`)).toBeNull();
  expect(await issuer.verify(`${unsigned}.${payload}.${signature}`)).toBeNull();
  expect(await issuer.verify(symmetric)).toBeNull();
  expect(await issuer.verify("a.b.c")).toBeNull();
  expect(await issuer.verify(good)).not.toBeNull();
});

test("a token that brings its own key, or names a place to read it from, is not good", async () => {
  await using issuer = await startTokens();
  const own = await generateKeyPair("RS256", { extractable: true });
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: "x", exp: START / 1_000 + 60 };
  const jwk = { ...(await exportJWK(own.publicKey)), kid: "one", alg: "RS256" };
  await issuer.verify(await issuer.sign());

  for (const header of [
    { kid: "one", jwk },
    { jwk },
    { kid: "one", jku: "https://evil.example/keys" },
    { kid: "one", x5u: "https://evil.example/cert" },
    { kid: "../../keys" },
  ]) {
    const token = await new SignJWT(claims).setProtectedHeader({ alg: "RS256", ...header }).sign(own.privateKey);
    expect([header, await issuer.verify(token)]).toEqual([header, null]);
  }
  expect(issuer.asked).toBe(1);
});

test("the public key as the secret of a symmetric signature makes no good token", async () => {
  await using issuer = await startTokens();
  const { keys } = (await (await fetch(issuer.url)).json()) as { readonly keys: readonly JWK[] };
  const [jwk = {}] = keys;
  const pem = createPublicKey({ key: { ...jwk }, format: "jwk" }).export({ type: "spki", format: "pem" });
  for (const secret of [String(pem), JSON.stringify(jwk), jwk.n ?? ""]) {
    for (const alg of ["HS256", "HS384", "HS512"]) {
      const token = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "x", exp: START / 1_000 + 60 })
        .setProtectedHeader({ alg, kid: "one" })
        .sign(Buffer.from(secret));
      expect(await issuer.verify(token)).toBeNull();
    }
  }
});

test("an unknown key id has the key set read again, at most every 30 seconds", async () => {
  await using issuer = await startTokens();
  await issuer.verify(await issuer.sign());
  await issuer.addKey("two");
  const token = await issuer.sign({}, { kid: "two" });

  expect(await issuer.verify(token)).toBeNull();
  expect(issuer.asked).toBe(1);
  issuer.pass(30_000);
  expect(await issuer.verify(token)).not.toBeNull();
  expect(issuer.asked).toBe(2);
});

test("keys that are known stay good while the issuer is down, and it is not asked for every token", async () => {
  await using issuer = await startTokens();
  const token = await issuer.sign();
  await issuer.verify(token);
  await issuer.addKey("two");
  const unknown = await issuer.sign({}, { kid: "two" });
  issuer.isDown = true;
  issuer.pass(700_000);

  expect(await issuer.verify(token)).not.toBeNull();
  for (let again = 0; again < 5; again += 1) {
    expect(await issuer.verify(unknown)).toBeNull();
  }
  expect(issuer.asked).toBe(2);
});
