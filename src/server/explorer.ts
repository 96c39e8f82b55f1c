import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { Kind, type OperationDefinitionNode, parse, print } from "graphql";
import type * as RuruServer from "ruru/server";
import { ASSET_POLICY } from "./headers.ts";

const PAGE = "/explorer";
const ASSETS = `${PAGE}/assets/`;
/** Files of our own, beside the explorer's. `npm run picture` writes the picture of the graph. */
const OWN = [
  ["explain.js", "text/javascript; charset=utf-8"],
  ["explorer.css", "text/css; charset=utf-8"],
  ["graph.html", "text/html; charset=utf-8"],
] as const;
const STORIES = new URL("../../examples/stories.graphql", import.meta.url);
/** Files have the hash of their content as etag, and other names with another version. */
const ASSETS_KEPT = "private, max-age=3600";

/** A tab of the explorer, as GraphiQL keeps it in the browser. */
interface Tab {
  readonly id: string;
  readonly title: string;
  readonly query: string;
  readonly variables: string | null;
}

/**
 * The explorer that this server serves itself, at /explorer: Ruru, a GraphiQL whose files come with its package, so that it
 * works without internet and under a strict policy. It opens with the stories as tabs, and explains the open one before it
 * runs. At /explorer/graph there is a picture of the graph with its prices.
 * Outside production only, and where its package is installed, which is large.
 */
export async function addExplorer(
  http: FastifyInstance,
  { exampleNumber }: { readonly exampleNumber: string },
): Promise<void> {
  const ruru = await loadRuru();
  if (ruru === null) {
    return;
  }
  const { getStaticFile, makeHTMLParts } = ruru;
  for (const [name, type] of OWN) {
    const text = readFileSync(new URL(`browser/${name}`, import.meta.url), "utf8");
    http.get(`${PAGE}/${name.replace(".html", "")}`, async (_request, reply) => reply.type(type).send(text));
  }
  const tabs = readStories(exampleNumber);
  http.get(PAGE, async (_request, reply) =>
    reply.type("text/html; charset=utf-8").send(renderPage(tabs, makeHTMLParts)),
  );
  http.get(`${ASSETS}*`, async (request, reply) => {
    const file = await getStaticFile({
      staticPath: ASSETS,
      urlPath: request.url,
      acceptEncoding: request.headers["accept-encoding"],
      disallowDevAssets: true,
    });
    if (file === null) {
      return reply.callNotFound();
    }
    reply.headers({ ...file.headers, "cache-control": ASSETS_KEPT, vary: "accept-encoding" });
    reply.header("content-security-policy", ASSET_POLICY);
    return request.headers["if-none-match"] === file.headers["etag"]
      ? reply.code(304).send()
      : reply.send(file.content);
  });
}

/** Null where the package is not installed. */
async function loadRuru() {
  try {
    const [{ makeHTMLParts }, { getStaticFile }] = await Promise.all([import("ruru/server"), import("ruru/static")]);
    return { makeHTMLParts, getStaticFile };
  } catch {
    return null;
  }
}

function renderPage(tabs: readonly Tab[], makeHTMLParts: typeof RuruServer.makeHTMLParts): string {
  const parts = makeHTMLParts({
    staticPath: ASSETS,
    endpoint: "/graphql",
    subscriptionEndpoint: "/graphql",
    // Its types are complete only beside GraphiQL's, which its files contain already.
    clientConfig: {
      isHeadersEditorEnabled: true,
      inputValueDeprecation: true,
      schemaDescription: true,
    } as RuruServer.RuruClientConfig,
  });
  // What GraphiQL finds in the browser's storage after an earlier visit: its tabs, and the contents of the open one.
  const open = {
    tabState: JSON.stringify({ tabs: tabs.map(toKept), activeTabIndex: 0 }),
    query: tabs[0]?.query ?? "",
    variables: tabs[0]?.variables ?? "",
  };
  const page = `<!DOCTYPE html>
<html lang="en">
<head>
${parts.metaTags}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>textgraph explorer</title>
<link rel="icon" href="data:,">
${parts.styleTags}
<link rel="stylesheet" href="${PAGE}/explorer.css">
${parts.configScript}
<script>
  // The subscriptions' endpoint needs a scheme of its own.
  RURU_CONFIG.subscriptionEndpoint = location.origin.replace(/^http/, "ws") + "/graphql";
  if (localStorage.getItem("graphiql:tabState") === null) {
    for (const [name, value] of Object.entries(${JSON.stringify(open).replaceAll("<", "\\u003c")})) {
      localStorage.setItem("graphiql:" + name, value);
    }
  }
</script>
${parts.headerScripts}
<script type="module">
  import { onTabChange } from "${PAGE}/explain.js";
  RURU_CONFIG.onTabChange = onTabChange;
</script>
</head>
<body class="explorer">
<header class="bar">
  <h1>textgraph</h1>
  <button id="explain" type="button" aria-controls="plan" aria-expanded="false" aria-keyshortcuts="Alt+E" title="What this tab's operation may cost, without running it (Alt+E)">Explain</button>
  <a href="${PAGE}/graph">Picture of the graph</a>
</header>
<main>
${parts.bodyContent}
<section id="plan" aria-labelledby="plan-heading" hidden>
  <header>
    <h2 id="plan-heading" tabindex="-1">What it may cost</h2>
    <button id="plan-close" type="button">Close</button>
  </header>
  <div id="plan-content" aria-live="polite"></div>
</section>
</main>
${parts.bodyScripts}
${parts.bodyInitScript}
</body>
</html>
`;
  const nonce = randomBytes(16).toString("hex");
  return page.replaceAll("<script", `<script nonce="${nonce}"`);
}

function toKept({ id, title, query, variables }: Tab): object {
  return { id, hash: id, title, query, variables, headers: null, operationName: title, response: null };
}

/** The stories, with variables that have an answer where the platforms are simulated. */
function readStories(exampleNumber: string): Tab[] {
  const definitions = parse(readFileSync(STORIES, "utf8")).definitions;
  const operations = definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  return operations.map((operation, at) => ({
    id: `story-${at}`,
    title: operation.name?.value ?? "",
    query: print(operation),
    variables: exampleVariables(operation, exampleNumber),
  }));
}

function exampleVariables({ variableDefinitions = [] }: OperationDefinitionNode, number: string): string | null {
  const required = variableDefinitions.filter(({ type }) => type.kind === Kind.NON_NULL_TYPE);
  const values: Readonly<Record<string, unknown>> = {
    phoneNumber: number,
    id: `person:${number}`,
    text: "See you at 9.",
  };
  return required.length === 0
    ? null
    : JSON.stringify(
        Object.fromEntries(required.map(({ variable: { name } }) => [name.value, values[name.value] ?? null])),
        null,
        2,
      );
}
