import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { startLanguageServer } from "./editor/language-server.ts";

// `npm run bench:newcomer [-- REPOSITORY]`: what the README and docs/kit.md tell a newcomer to do, from a clone to a typed
// query with completion, each step timed, with an empty cache of npm. Of the person, who reads and types, nothing is counted.

const REPOSITORY = resolve(process.argv[2] ?? join(import.meta.dirname, ".."));
const LONGEST_WAIT_MS = 60_000;
const FIRST_QUERY = {
  query: '{ person(phoneNumber: "+12015554821") { displayName participant { groups { name } } } }',
};
const CONFIGURATION = `schema: node_modules/@textgraph/client/schema.graphql
documents:
  - src/**/*.{graphql,ts,tsx}
  - node_modules/@textgraph/client/operations/*.graphql
`;
const TYPED_QUERY = `import { FindPersonDocument } from "@textgraph/client";
import { createTextgraphClient } from "@textgraph/client/urql";

const { client, close } = createTextgraphClient({ url: process.env["GRAPH"] ?? "" });
const { data } = await client.query(FindPersonDocument, { phoneNumber: "+12015554821" });
const name: string | null | undefined = data?.person.displayName;
process.stdout.write(\`\${name}\\n\`);
close();
`;
/** Half a selection, as it stands while somebody types. */
const HALF_TYPED = "query Mine {\n  participants(first: 3) {\n    nodes {\n      |\n    }\n  }\n}\n";

const folder = mkdtempSync(join(tmpdir(), "newcomer-"));
const [checkout, frontend] = [join(folder, "textgraph"), join(folder, "frontend")];
const env = { ...process.env, npm_config_cache: join(folder, "npm"), npm_config_update_notifier: "false", PORT: "0" };
const began = performance.now();

async function step<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await work();
  const seconds = (performance.now() - start) / 1_000;
  process.stdout.write(`${seconds.toFixed(1).padStart(7)} s  ${name}\n`);
  return result;
}

function run(cwd: string, program: string, ...options: string[]): string {
  return execFileSync(program, options, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

async function completed(cwd: string, file: string): Promise<void> {
  using server = startLanguageServer(cwd);
  const offered = await server.complete(file, HALF_TYPED, LONGEST_WAIT_MS);
  if (!offered.includes("displayPhoneNumber")) {
    throw new Error(`${file}: a participant's fields are not offered, but ${offered.join(", ")}`);
  }
}

/** `npm start`, until it says where it is. */
async function startGraph(): Promise<{ readonly url: string; stop(): void }> {
  const child = spawn("npm", ["start"], { cwd: checkout, env, stdio: ["ignore", "pipe", "inherit"], detached: true });
  // The group: npm does not pass a signal on at once.
  const stop = () => void process.kill(-(child.pid ?? 0), "SIGTERM");
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /^textgraph ready at (\S+)$/.exec(line) ?? [];
    if (url !== undefined) {
      child.stdout.resume();
      return { url, stop };
    }
  }
  throw new Error("npm start ended before it was ready");
}

async function firstAnswer(url: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(FIRST_QUERY) });
  const { data } = (await response.json()) as {
    readonly data?: { readonly person?: { readonly displayName?: string } };
  };
  if (!data?.person?.displayName) {
    throw new Error("the first query has no answer");
  }
}

try {
  await step("git clone", () => run(folder, "git", "clone", "--quiet", REPOSITORY, checkout));
  await step("npm ci", () => run(checkout, "npm", "ci"));
  const graph = await step("npm start", startGraph);
  try {
    await step("the first answer", () => firstAnswer(graph.url));
    await step("completion in the checkout, by .graphqlrc.yml", () => completed(checkout, "examples/mine.graphql"));
    await step("npm run kit, npm pack", () => {
      run(checkout, "npm", "run", "kit");
      run(checkout, "npm", "pack", "./dist/kit", "--pack-destination", folder);
    });
    await step("npm install of the kit and a client in an empty project", () => {
      mkdirSync(join(frontend, "src"), { recursive: true });
      writeFileSync(join(frontend, "package.json"), '{ "private": true, "type": "module" }');
      const packages = ["graphql@16", "@urql/core@6", "wonka@6", "graphql-ws@6", "typescript@7", "@types/node@26"];
      run(frontend, "npm", "install", join(folder, "textgraph-client-0.1.0.tgz"), ...packages);
    });
    await step("the first typed answer", () => {
      writeFileSync(join(frontend, "src/main.ts"), TYPED_QUERY);
      const strict = ["--strict", "--noEmit", "--skipLibCheck", "--target", "esnext", "--module", "nodenext"];
      run(frontend, "npx", "tsc", ...strict, "--types", "node", "src/main.ts");
      const options = { cwd: frontend, env: { ...env, GRAPH: graph.url }, encoding: "utf8" } as const;
      const name = execFileSync(process.execPath, ["src/main.ts"], options);
      if (!/^\S+ \S+$/m.test(name)) {
        throw new Error(`the typed query answered ${name}`);
      }
    });
    await step("completion in that project, by the kit's schema", () => {
      writeFileSync(join(frontend, ".graphqlrc.yml"), CONFIGURATION);
      return completed(frontend, "src/mine.graphql");
    });
  } finally {
    graph.stop();
  }
  const all = (performance.now() - began) / 1_000;
  process.stdout.write(`${all.toFixed(1).padStart(7)} s  all\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
