import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openStore } from "../src/store/open.ts";
import { listenForEvents } from "../src/store/postgres-listener.ts";
import { giveToPostgres, HAS_POSTGRES, makeFolder, type OwnPostgres, startPostgres } from "./own-postgres.ts";
import { runSql } from "./stores.ts";

const PASSWORD = "a-password-that-nobody-sees";

describe.skipIf(!HAS_POSTGRES)("TLS to the database, as STORE_URL says (Debian's PostgreSQL)", () => {
  let encrypting: OwnPostgres;
  let plain: OwnPostgres;
  let folder: string;

  beforeAll(async () => {
    folder = makeFolder();
    makeAuthority("ca");
    makeAuthority("other-ca");
    makeCertificate("server", "ca", "DNS:localhost");
    encrypting = await startPostgres({
      ssl: "on",
      ssl_cert_file: join(folder, "server.crt"),
      ssl_key_file: join(folder, "server.key"),
    });
    plain = await startPostgres();
  }, 60_000);
  afterAll(() => {
    encrypting?.[Symbol.dispose]();
    plain?.[Symbol.dispose]();
  });

  function urlOf({ port }: OwnPostgres, host: string, parameters: string): string {
    return `postgres://postgres:${PASSWORD}@${host}:${port}/postgres?${parameters.replace("DIR", folder)}`;
  }

  test.each([
    ["127.0.0.1", "schema=none", false],
    ["127.0.0.1", "sslmode=disable", false],
    ["127.0.0.1", "sslmode=require", true],
    ["127.0.0.1", "sslmode=no-verify", true],
    ["127.0.0.1", "sslmode=require&sslrootcert=DIR/ca.crt", true],
    ["127.0.0.1", "sslmode=verify-ca&sslrootcert=DIR/ca.crt", true],
    ["localhost", "sslmode=verify-full&sslrootcert=DIR/ca.crt", true],
  ])(
    "to %s with %s the store's and the listener's connections are made (encrypted: %s)",
    async (host, parameters, isEncrypted) => {
      const url = urlOf(encrypting, host, parameters);
      const store = await openStore(url, "default");
      onTestFinished(() => store.close());
      await store.commit([{ table: "event-state", key: "a", becomes: "1" }]);
      let news = 0;
      const listener = listenForEvents({
        url,
        storeUrl: url,
        account: "default",
        onNews: () => undefined,
        onEvents: () => {
          news += 1;
        },
        warn: () => undefined,
      });
      onTestFinished(() => listener.stop());
      await expect.poll(() => news).toBe(1);
      const connections = await runSql(
        encrypting.url,
        "SELECT DISTINCT application_name AS name, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'textgraph%' ORDER BY name",
      );
      expect(connections).toEqual([
        { name: "textgraph", ssl: isEncrypted },
        { name: "textgraph events", ssl: isEncrypted },
      ]);
    },
  );

  test.each([
    ["localhost", "sslmode=verify-full&sslrootcert=DIR/other-ca.crt", /unknown authority: set sslrootcert/],
    ["127.0.0.1", "sslmode=verify-ca&sslrootcert=DIR/other-ca.crt", /unknown authority: set sslrootcert/],
    ["127.0.0.1", "sslmode=require&sslrootcert=DIR/other-ca.crt", /unknown authority: set sslrootcert/],
    ["localhost", "sslmode=verify-full", /unknown authority: set sslrootcert/],
    ["127.0.0.1", "sslmode=verify-full&sslrootcert=DIR/ca.crt", /certificate of another host: correct the host/],
    ["localhost", "sslmode=verify-full&sslrootcert=DIR/none.crt", /sslrootcert of STORE_URL names no file/],
    ["localhost", "sslmode=verify-ca", /name the file .* by sslrootcert/],
  ])("to %s with %s is refused, with what to do", async (host, parameters, sentence) => {
    await expectRefused(urlOf(encrypting, host, parameters), sentence);
  });

  test.each(["require", "no-verify", "verify-full"])(
    "a database without TLS is refused by sslmode=%s",
    async (mode) => {
      await expectRefused(
        urlOf(plain, "localhost", `sslmode=${mode}`),
        /has no TLS: turn it on there, or set sslmode=disable/,
      );
    },
  );

  async function expectRefused(url: string, sentence: RegExp): Promise<void> {
    const error = await openStore(url, "default").then(
      () => null,
      (caught: unknown) => caught,
    );
    expect(String(error)).toMatch(sentence);
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain(PASSWORD);
  }

  function openssl(...options: string[]): void {
    execFileSync("openssl", options, { cwd: folder, stdio: "ignore" });
  }

  function makeAuthority(name: string): void {
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.crt`,
    );
  }

  function makeCertificate(name: string, authority: string, alternative: string): void {
    openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      `/CN=${name}`,
      "-addext",
      `subjectAltName=${alternative}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
    );
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      `${authority}.crt`,
      "-CAkey",
      `${authority}.key`,
      "-CAcreateserial",
      "-copy_extensions",
      "copy",
      "-days",
      "2",
      "-out",
      `${name}.crt`,
    );
    giveToPostgres(join(folder, `${name}.key`));
    giveToPostgres(join(folder, `${name}.crt`));
  }
});
