import { type ExecutionResult, Kind, type OperationDefinitionNode, parse, print } from "graphql";
import fetch from "node-fetch";
import { expect, test } from "vitest";
import type { App } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import type { Plan, PlannedField } from "../src/operations/explain.ts";
import { startSimulated } from "../src/simulated.ts";
import { pageNames, type Snippet, snippetsOf } from "./snippets.ts";
import { ask, startStage } from "./support.ts";

/** What is measured anew by each request, and is another in each answer of the same query. */
const MEASURED = new Set(["milliseconds", "ageSeconds"]);
/** No plan counts it. */
const SIGN_IN = "TEXTIZEN POST /api/users/sign_in";
/** Operations of pages that other tests run, against servers that these pages describe. */
const ELSEWHERE = new Set(["docs/operate.md", "docs/subgraph.md", "docs/platforms.md"]);
const PAGES = pageNames().filter((page) => !ELSEWHERE.has(page));

/** The graph as `npm start` makes it, because the pages show its ids; disposed by scope. */
async function start(): Promise<App & AsyncDisposable> {
  const app = await startSimulated(readConfig({ PORT: "0", LOG_LEVEL: "silent", OVERLOAD_LAG_MS: "60000" }));
  return Object.assign(app, { [Symbol.asyncDispose]: () => app.close() });
}

function operationsOf({ text }: Snippet): OperationDefinitionNode[] {
  return parse(text).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
}

async function explained(url: string, query: string, variables: object): Promise<{ readonly plan: Plan }> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ query, variables });
  const response = await fetch(new URL("/explain", url).href, { method: "POST", headers, body });
  return (await response.json()) as { plan: Plan };
}

function namesIn(fields: readonly PlannedField[]): string[] {
  return fields.flatMap(({ calls, fields: inner }) => [...calls, ...namesIn(inner)]);
}

/** The JSON that follows an operation before the next one, if it holds the operation's variables. */
function variablesOf(operation: OperationDefinitionNode, following: readonly Snippet[]): object | undefined {
  const names = operation.variableDefinitions?.map(({ variable }) => variable.name.value) ?? [];
  const end = following.findIndex(({ language }) => language === "graphql");
  return following
    .slice(0, end < 0 ? undefined : end)
    .filter(({ language }) => language === "json")
    .map(({ text }) => JSON.parse(text) as object)
    .find((value) => Object.keys(value).some((name) => names.includes(name)));
}

/** The operation in a command: `curl … -d '{"query": …}'`. */
function curlQuery({ text }: Snippet): string | undefined {
  const body = /-d '(.*)'/s.exec(text)?.[1];
  return body === undefined ? undefined : (JSON.parse(body) as { query: string }).query;
}

/** The answers in a page, each after the operation that it answers. */
function answersIn(snippets: readonly Snippet[]): { readonly query: string; readonly answer: ExecutionResult }[] {
  let query = "";
  return snippets.flatMap((snippet) => {
    if (snippet.language === "json" && /^\s*"(?:data|errors)":/m.test(snippet.text.slice(0, 20))) {
      return [{ query, answer: JSON.parse(snippet.text) as ExecutionResult }];
    }
    query = snippet.language === "graphql" ? snippet.text : (curlQuery(snippet) ?? query);
    return [];
  });
}

test.each(PAGES)("the operations of %s are answered without an error, for the price that they state", async (page) => {
  await using app = await start();
  const snippets = snippetsOf(page);
  for (const [at, snippet] of snippets.entries()) {
    for (const operation of snippet.language === "graphql" ? operationsOf(snippet) : []) {
      const place = `${page}:${snippet.line}`;
      const variables = variablesOf(operation, snippets.slice(at + 1)) ?? {};
      if (operation.operation === "subscription") {
        expect({ place, status: await subscribe(app.url, print(operation)) }).toEqual({ place, status: 200 });
        continue;
      }
      const { plan } = await explained(app.url, print(operation), variables);
      const { data, errors, extensions } = await ask(app.url, print(operation), variables);
      expect({ place, errors }).toEqual({ place, errors: undefined });
      for (const [field, payload] of operation.operation === "mutation" ? Object.entries<object>(data) : []) {
        // No server leaves an attempt that began when a page says so.
        const userErrors = field === "settleAttempt" ? [{ code: "NOT_FOUND" }] : [];
        expect({ place, field, payload }).toMatchObject({ payload: { userErrors } });
      }
      const named = [...namesIn(plan.fields), SIGN_IN];
      for (const { platform, route } of extensions.platforms) {
        expect({ place, named }).toEqual({ place, named: expect.arrayContaining([`${platform} ${route}`]) });
      }
      const [, most] = /# Costs at most (\d+) calls?\./.exec(snippet.text) ?? [];
      if (most !== undefined) {
        expect({ place, calls: extensions.cost.asked.calls }).toEqual({ place, calls: Number(most) });
      }
    }
  }
});

test("the answers that pages show are those that the server gives", async () => {
  await using app = await start();
  const shown = PAGES.flatMap((page) => answersIn(snippetsOf(page)));
  const complete = shown.filter(({ answer }) => answer.errors === undefined);
  expect(complete.length).toBeGreaterThan(1);
  for (const { query, answer } of complete) {
    expect((await ask(app.url, query)).data).toEqual(answer.data);
  }
});

test("the failure that a page shows is what a server without credentials of one platform answers", async () => {
  const env = { TEXTIZEN_BASE_URL: "", TEXTIZEN_EMAIL: "", TEXTIZEN_PASSWORD: "" };
  await using stage = await startStage({ env });
  const [failed] = answersIn(snippetsOf("docs/errors.md"));
  const { data, errors } = await stage.query(failed?.query ?? "");
  expect({ data, errors }).toEqual(failed?.answer);
});

test("the platform calls that pages show are those of the first query, and how a kept list is told", async () => {
  await using app = await start();
  const [first] = answersIn(snippetsOf("README.md"));
  const { extensions } = await ask(app.url, first?.query ?? "");
  const [, listed = ""] = /^"extensions": (.*)$/ms.exec(textOf("docs/prices.md", "json")) ?? [];
  const calls = (extensions: { platforms: object[] }) => extensions.platforms.map(unmeasured).sort();
  expect(calls(JSON.parse(listed))).toEqual(calls(extensions));

  const again = (await ask(app.url, first?.query ?? "")).extensions as { platforms: { kept?: boolean }[] };
  const kept = again.platforms.find((call) => call.kept === true) ?? {};
  expect(Object.keys(JSON.parse(textOf("docs/freshness.md", "json"))).sort()).toEqual(Object.keys(kept).sort());
});

/** The first example of a page in a language. */
function textOf(page: string, language: string): string {
  return snippetsOf(page).find((snippet) => snippet.language === language)?.text ?? "";
}

/** A call without what is measured, as text. */
function unmeasured(call: object): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(call)
        .filter(([name]) => !MEASURED.has(name))
        .sort(),
    ),
  );
}

/** Opens an event stream, and resolves to its status. */
async function subscribe(url: string, query: string): Promise<number> {
  const ending = new AbortController();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query }),
    signal: ending.signal,
  });
  response.body?.on("error", () => undefined);
  ending.abort();
  return response.status;
}
