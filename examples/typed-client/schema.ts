import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import fetch from "node-fetch";
import { credential } from "./request.ts";

const FILE = "schema.graphql";

/** Takes the schema of the graph that TEXTGRAPH_URL names, for the types; without one, the file that is there already. */
async function takeSchema(): Promise<void> {
  const url = process.env["TEXTGRAPH_URL"];
  if (url) {
    await writeFile(FILE, await download(url));
  } else if (!existsSync(FILE)) {
    throw new Error("TEXTGRAPH_URL is not set: set it to a graph's address, such as http://127.0.0.1:4000/graphql.");
  }
}

async function download(url: string): Promise<string> {
  if (!URL.canParse(url)) {
    throw new Error("TEXTGRAPH_URL must be a graph's address, such as http://127.0.0.1:4000/graphql.");
  }
  const response = await fetch(new URL("/schema.graphql", url), { headers: credential() }).catch(() => null);
  if (response === null) {
    throw new Error(`No graph answers at ${url} (TEXTGRAPH_URL): start it, or set another address.`);
  }
  if (response.status === 401) {
    throw new Error(`The graph at ${url} accepts no request without a valid API key: set TEXTGRAPH_KEY to one.`);
  }
  if (!response.ok) {
    throw new Error(
      `The graph at ${url} does not show its schema, as in production: put its ${FILE} here and unset TEXTGRAPH_URL for the build.`,
    );
  }
  return response.text();
}

takeSchema().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
