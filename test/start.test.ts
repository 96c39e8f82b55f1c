import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FIRST_QUERY } from "../src/server/landing-page.ts";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { Program } from "./program.ts";
import { ask } from "./support.ts";

const WEBHOOKS = /forwards texts to (http:\S+\/webhooks\/pidj\/\S+)\n.*report to (http:\S+\/webhooks\/textizen\/\S+)\n/;
const SIMULATING = "No platform credentials are set: simulating both platforms, with people who do not exist.\n";

const folder = mkdtempSync(join(tmpdir(), "textgraph-start-"));
afterAll(() => rmSync(folder, { recursive: true }));

function webhooksOf(pidj: string, textizen: string): string {
  return `Pidj forwards texts to ${pidj}\nTextizen's campaigns report to ${textizen}\n`;
}

test("npm start gives Node a larger young generation, and leaves .env to the program", () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  expect(manifest.scripts.start).toMatch(/^node --max-semi-space-size=\d+ src\/main\.ts$/);
});

describe("without credentials", () => {
  test("it says that it simulates and where it is, the first query shows a person on both platforms, SIGTERM ends it with 0", async () => {
    await using program = new Program(folder, {});
    const url = await program.url();
    const [, pidj = "", textizen = ""] = WEBHOOKS.exec(program.stdout) ?? [];
    expect(program.stdout).toBe(`${SIMULATING}${webhooksOf(pidj, textizen)}textgraph ready at ${url}\n`);
    expect(await (await fetch(`${pidj}?message=hi&from=1`)).text()).toBe("");

    const page = await (await fetch(new URL("/", url), { headers: { accept: "text/html" } })).text();
    const phoneNumber = /\+1\d{10}/.exec(page)?.[0];
    const answer = await ask(url, FIRST_QUERY, { phoneNumber });
    expect(answer.errors).toBeUndefined();
    const { person } = answer.data;
    expect(person).toMatchObject({
      displayName: expect.any(String),
      contactLink: { state: "LINKED" },
      contact: { id: expect.stringMatching(/^co:/) },
      participant: { id: expect.stringMatching(/^participant:/) },
    });
    expect(person.participant.groups.map(({ counterpart }: { counterpart: unknown }) => counterpart)).toContainEqual(
      expect.objectContaining({ id: expect.stringMatching(/^gr:/) }),
    );
    const contacts = await ask(url, "{ contacts { totalCount } }");
    expect(contacts.data.contacts.totalCount).toBe(200);

    program.signal("SIGTERM");
    expect(await program.exited).toBe(0);
    expect(program.stdout).toBe(`${SIMULATING}${webhooksOf(pidj, textizen)}textgraph ready at ${url}\n`);
    expect(program.stderr).toBe("");
    expect(existsSync(join(folder, "data"))).toBe(false);
  });
});

describe("with credentials", () => {
  test("it says where it is and nothing else, makes its store with the folder, and keeps what it learned", async () => {
    await using simulator = await startSimulator({ people: 3, polls: 0 });
    const env = { ...credentialsOf(simulator), STORE_URL: "sqlite:./new/deep/y.db" };
    const [contact] = simulator.world.contacts.values();
    {
      await using program = new Program(folder, env);
      const url = await program.url();
      expect(program.stdout).toBe(`textgraph ready at ${url}\n`);
      expect(statSync(join(folder, "new/deep/y.db")).mode & 0o777).toBe(0o600);
      expect((await ask(url, `{ contact(id: "${contact?.id}") { phoneNumber } }`)).errors).toBeUndefined();
      program.signal("SIGINT");
      expect(await program.exited).toBe(0);
    }
    await using program = new Program(folder, env);
    const answer = await ask(
      await program.url(),
      `{ person(phoneNumber: "${contact?.phone_number}") { contact { id } } }`,
    );
    expect(answer.data.person.contact).toEqual({ id: contact?.id });
  });

  test("it starts while both platforms are down", async () => {
    await using simulator = await startSimulator({ people: 0, polls: 0 });
    await Promise.all([simulator.pidj.stop(), simulator.textizen.stop()]);
    await using program = new Program(folder, { ...credentialsOf(simulator), STORE_URL: "sqlite::memory:" });
    const { data } = await ask(await program.url(), "{ platformStatus { isAuthorized } surveys { totalCount } }");
    expect(data).toEqual({ platformStatus: [{ isAuthorized: false }, { isAuthorized: false }], surveys: null });
  });

  test("told to stop under way, it answers what it has begun and then ends with 0", async () => {
    await using simulator = await startSimulator({ people: 3, polls: 0 });
    await using program = new Program(folder, { ...credentialsOf(simulator), STORE_URL: "sqlite::memory:" });
    const url = await program.url();
    const hold = simulator.fault({ platform: "PIDJ", route: "GET /surveys", kind: "hold" });
    const asked = ask(url, "{ surveys { totalCount } }");
    await hold.arrived;
    program.signal("SIGTERM");
    // It stops listening first: from then on nobody new gets in.
    await expect
      .poll(
        () =>
          fetch(new URL("/health", url)).then(
            () => "in",
            () => "out",
          ),
        { timeout: 5_000 },
      )
      .toBe("out");
    hold.release();
    const released = performance.now();
    expect((await asked).data).toEqual({ surveys: { totalCount: 4 } });
    expect(await program.exited).toBe(0);
    // The client would have kept its connection for five seconds more.
    expect(performance.now() - released).toBeLessThan(4_000);
  });
});

describe("a start that cannot be is one line on stderr, and exit code 1", () => {
  const PIDJ = { PIDJ_ACCOUNT_KEY: "account-1", PIDJ_TOKEN: "hunter2" };
  const wrong: [env: Record<string, string>, line: RegExp][] = [
    [{ PORT: "many" }, /^PORT must be a whole number from 0 to 65535\.$/],
    [{ HOST: "0.0.0.0" }, /^HOST must be a loopback address/],
    [{ PIDJ_TOKEN: "hunter2" }, /^PIDJ_ACCOUNT_KEY is not set/],
    [{ STORE_URL: "redis://:hunter2@10.0.0.1" }, /^STORE_URL must be sqlite: and the path of a file/],
    [
      { ...PIDJ, STORE_URL: "sqlite:./taken/y.db" },
      /taken\/y\.db \(STORE_URL\) .* lies below a file: set STORE_URL to/,
    ],
    [{ ...PIDJ, STORE_URL: "sqlite:." }, /\(STORE_URL\) is a folder, .*: set STORE_URL to the path of a file\.$/],
    [{ ...PIDJ, STORE_URL: "sqlite:./taken" }, /taken \(STORE_URL\) is not an SQLite database: set STORE_URL to/],
    [{ ...PIDJ, API_KEYS_FILE: "./none.json" }, /^API_KEYS_FILE .* does not exist: npm run keys:create makes it\.$/],
    [{ NODE_ENV: "production" }, /^NODE_ENV is production, but there are no credentials: set PIDJ_ACCOUNT_KEY/],
    [{ SIMULATE: "off" }, /^SIMULATE is off, but there are no credentials: set PIDJ_ACCOUNT_KEY/],
    [{ PIDJ_TOKEN: "" }, /^PIDJ_TOKEN is blank, but there are no credentials: set PIDJ_ACCOUNT_KEY/],
  ];
  writeFileSync(join(folder, "taken"), "This is a file, and no database.".repeat(100));

  test.concurrent.each(wrong)("%j", async (env, line) => {
    await using program = new Program(folder, env);
    expect(await program.exited).toBe(1);
    expect(program.stdout.replace(SIMULATING, "")).toBe("");
    expect(program.stderr.trimEnd().split("\n")).toEqual([expect.stringMatching(line)]);
    expect(program.stderr).not.toContain("hunter2");
  });

  test.concurrent("a schema to be written where no folder is", async () => {
    await using program = new Program(folder, {}, ["commands/print-schema.ts", "none/schema.graphql"]);
    expect(await program.exited).toBe(1);
    expect(program.stderr).toBe(
      "none/schema.graphql cannot be opened (ENOENT): name a file in a folder that is there and that you may use.\n",
    );
  });

  test.runIf(process.platform === "linux").concurrent("a store where no folder can be made", async () => {
    await using program = new Program(folder, { ...PIDJ, STORE_URL: "sqlite:/proc/textgraph/data/y.db" });
    expect(await program.exited).toBe(1);
    expect(program.stderr).toMatch(
      /^The store \/proc\/textgraph\/data\/y\.db \(STORE_URL\) cannot be opened \(ENOENT.+: set STORE_URL to a file in a folder where this user may write\.\n$/,
    );
  });

  // Not even root may make a file there.
  test.runIf(process.platform === "linux").concurrent("a store that is not writable", async () => {
    await using program = new Program(folder, { ...PIDJ, STORE_URL: "sqlite:/sys/y.db" });
    expect(await program.exited).toBe(1);
    expect(program.stderr).toBe(
      "The store /sys/y.db (STORE_URL) is not writable: let the user that runs this program write to the file and its folder, or set STORE_URL to another file.\n",
    );
  });

  test.concurrent("a store at the end of a link that leads nowhere", async () => {
    symlinkSync("/sys/nowhere/else.db", join(folder, "linked.db"));
    await using program = new Program(folder, { ...PIDJ, STORE_URL: "sqlite:./linked.db" });
    expect(await program.exited).toBe(1);
    expect(program.stderr).toMatch(
      /linked\.db \(STORE_URL\) cannot be opened \(ENOENT: .+\): set STORE_URL to a file in a folder where this user may write\.\n$/,
    );
  });

  test.concurrent("a port that is taken", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const { port } = squatter.address() as { port: number };
    await using program = new Program(folder, { PORT: String(port) });
    expect(await program.exited).toBe(1);
    expect(program.stdout).toBe(SIMULATING);
    expect(program.stderr).toBe(
      `Port ${port} is in use: end the program that listens there, or set PORT to another one (0 takes a free one).\n`,
    );
    squatter.close();
  });
});
