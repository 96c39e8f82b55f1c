import { execFile, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startTextgraph } from "../kit/testing/start.ts";
import { axeFindings, HAS_BROWSER, launchBrowser, SCREENS } from "./browser.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CLIENTS = join(ROOT, "examples/clients");
// The kit's build, compilers and browsers, each a process of its own.
const TIMEOUT_MS = 120_000;
const SOURCES = ["apollo-react", "urql", "graphql-request", "relay", "vue"].flatMap((folder) =>
  readdirSync(join(CLIENTS, folder))
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(CLIENTS, folder, name)),
);

/** What a program of an installed package prints; rejects with it if the program fails. */
async function run(program: string, options: readonly string[] = [], env: object = {}): Promise<string> {
  try {
    const settings = { cwd: CLIENTS, timeout: TIMEOUT_MS, env: { ...process.env, ...env } };
    return (await promisify(execFile)(process.execPath, [join(CLIENTS, program), ...options], settings)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout}${stderr}`);
  }
}

const compile = (version: string, ...options: string[]) => run(`node_modules/${version}/bin/tsc`, options);

/** Starts a program that goes on, and finds something in each of these lines of it; it ends with the test. */
async function start(
  cwd: string,
  program: readonly string[],
  lines: readonly RegExp[],
  env: Readonly<Record<string, string>>,
): Promise<string[]> {
  const child = spawn(process.execPath, program, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  const found: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    // Vite's colours, if any, are no part of it.
    const match = lines[found.length]?.exec(stripVTControlCharacters(line))?.[1];
    if (match !== undefined && found.push(match) === lines.length) {
      child.stdout.resume();
      return found;
    }
  }
  throw new Error(`${program.join(" ")} ended before it was ready`);
}

// The clients are installed by themselves (`npm --prefix examples/clients ci`), as `.ci/run` does.
describe.skipIf(!existsSync(join(CLIENTS, "node_modules")))("the sample clients", { timeout: TIMEOUT_MS }, () => {
  beforeAll(async () => {
    const out = join(CLIENTS, "node_modules/@textgraph/client");
    await promisify(execFile)(process.execPath, ["kit/build/build.ts", out], { cwd: ROOT, timeout: TIMEOUT_MS });
    await run("node_modules/relay-compiler/cli.js", ["relay.config.json"]);
  }, TIMEOUT_MS);

  test.for(["typescript", "typescript-6", "typescript-5"])("compile with %s, strictly", async (version) => {
    await compile(version);
  });

  test("use any nowhere", () => {
    const text = SOURCES.map((path) => readFileSync(path, "utf8")).join("\n");
    expect(text.match(/\bany\b(?!\*\/)/g)).toBe(null);
    expect(text).not.toMatch(/@ts-|as unknown as/);
  });

  test("do not compile with a wrong field or variable", async () => {
    const wrong = [
      ["apollo-react/participants.tsx", "page.totalCount", "page.totalCoun"],
      ["apollo-react/send-form.tsx", "recipient: { phoneNumber:", "recipient: { number:"],
      ["urql/main.ts", "person.displayName", "person.displayNam"],
      ["graphql-request/main.ts", "person.displayName", "person.displayNam"],
      ["relay/main.ts", "person.displayName", "person.displayNam"],
      ["vue/person-card.ts", "person.displayName", "person.displayNam"],
    ] as const;
    for (const [file, right, typo] of wrong) {
      const text = await readFile(join(CLIENTS, file), "utf8");
      expect(text).toContain(right);
      const copy = join(CLIENTS, file.replace(/(\.tsx?)$/, ".wrong$1"));
      onTestFinished(() => rmSync(copy, { force: true }));
      await writeFile(copy, text.replace(right, typo));
    }
    const output = await compile("typescript").catch(({ message }: Error) => message);
    const refused = Array.from(
      output.matchAll(/^(\S+)\.wrong(\.tsx?)\(.*error TS/gm),
      ([, name, end]) => `${name}${end}`,
    );
    expect([...new Set(refused)].sort()).toEqual(wrong.map(([file]) => file).sort());
  });

  test("find a person, page and send", async () => {
    await using graph = await startTextgraph({ people: 60 });
    const env = { TEXTGRAPH_URL: graph.url };
    const ask = (program: string) => run(program, [graph.phoneNumber], env);

    const [found, sent] = [/^Person: \S+ \S+$/m, /^Sent: \S+ \S+$/m];
    const urql = await ask("urql/main.ts");
    expect(urql).toMatch(found);
    expect(urql).toMatch(/^Participants: 20 of \d+$/m);
    expect(urql).toMatch(sent);
    const plain = await ask("graphql-request/main.ts");
    expect(plain).toMatch(found);
    expect(plain).toMatch(sent);
    const relay = await ask("relay/main.ts");
    expect(relay).toMatch(found);
    expect(relay).toMatch(/^Participants: 20$/m);
    expect(relay).toMatch(sent);
    expect(await ask("vue/main.ts")).toMatch(/^<section><h2>\S+ \S+<\/h2><button>Greet<\/button>/);
    expect(graph.sent().map(({ call }) => call)).toEqual(["POST /send", "POST /send", "POST /send"]);
  });

  // Without a browser there is nothing to see; `.ci/run` installs one.
  test.skipIf(!HAS_BROWSER)("work in a browser, on Vite's port, against npm start with nothing set", async () => {
    // Of the environment, what a shell has anyway; only the port is another than 4000, which may be in use.
    const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", PORT: "0" };
    const [webhook, graph] = await start(
      ROOT,
      ["src/main.ts"],
      [/^Pidj forwards texts to (\S+)$/, /^textgraph ready at (\S+)$/],
      env,
    );
    const [address] = await start(
      CLIENTS,
      ["node_modules/vite/bin/vite.js", "apollo-react"],
      [/Local:\s+(http\S+)/],
      env,
    );
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS / 2);
    await page.goto(`${address}?graph=${encodeURIComponent(graph ?? "")}`);

    // Query and paging.
    const rows = page.getByRole("region", { name: "Participants" }).getByRole("listitem");
    await rows.nth(9).waitFor();
    expect(await rows.count()).toBe(10);
    await page.getByRole("button", { name: "More of" }).click();
    await rows.nth(19).waitFor();
    expect(await rows.count()).toBe(20);
    // Mutation.
    await page.getByLabel("From").getByRole("option").first().waitFor({ state: "attached" });
    await page.getByLabel("To").fill("+12015554821");
    await page.getByLabel("Text").fill("The library opens at nine.");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Sent to Jettie Kuhic").waitFor();
    // Subscription.
    await page.getByText("Live", { exact: true }).waitFor();
    const text = { message: "Thank you!", from: "+12015554821" };
    await fetch(webhook ?? "", { method: "POST", body: new URLSearchParams(text) });
    await page.getByText("Thank you!").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    for (const { colorScheme, width } of SCREENS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      expect(await axeFindings(page)).toEqual([]);
    }
  });
});
