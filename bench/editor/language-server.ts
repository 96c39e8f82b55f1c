import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// Speaks to graphql-language-service-cli as an editor does, by the Language Server Protocol over its standard streams:
// https://microsoft.github.io/language-server-protocol/

/** Where its packages are: `npm --prefix bench/editor ci --ignore-scripts`. */
export const PACKAGES = join(import.meta.dirname, "node_modules");
const LANGUAGES: Readonly<Record<string, string>> = { graphql: "graphql", ts: "typescript", tsx: "typescriptreact" };
/** It reads schema and documents after it has answered that it is there. */
const PAUSE_MS = 100;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly items?: readonly unknown[]; readonly message?: string };
  readonly result?: unknown;
}

interface LanguageServer extends Disposable {
  /**
   * What is offered at the `|` in the text of an open file. Waits until the server knows the project; rejects after
   * `milliseconds`, with what the server complained of.
   */
  complete(file: string, text: string, milliseconds: number): Promise<string[]>;
}

/** Starts the server for a folder with a configuration of GraphQL in it. */
export function startLanguageServer(folder: string): LanguageServer {
  const program = join(PACKAGES, "graphql-language-service-cli/bin/graphql.js");
  const child = spawn(process.execPath, [program, "server", "--method", "stream", "--configDir", folder], {
    cwd: folder,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const complaints: string[] = [];
  const waiting = new Map<number, (result: unknown) => void>();
  let asked = 0;

  function send(message: object): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  function request(method: string, params: object): Promise<unknown> {
    asked += 1;
    const id = asked;
    send({ id, method, params });
    return new Promise((resolve) => waiting.set(id, resolve));
  }

  function take({ id, method, params, result }: Message): void {
    if (method === undefined && id !== undefined) {
      waiting.get(id)?.(result);
      waiting.delete(id);
    } else if (id !== undefined) {
      // It asks for the editor's settings: there are none.
      send({ id, result: params?.items?.map(() => ({})) ?? null });
    } else if (method === "window/logMessage" && params?.message !== undefined) {
      complaints.push(params.message);
    }
  }

  let read = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    for (let end = read.indexOf("\r\n\r\n"); end >= 0; end = read.indexOf("\r\n\r\n")) {
      const length = Number(/Content-Length: (\d+)/i.exec(read.subarray(0, end).toString())?.[1]);
      const from = end + 4;
      if (read.length < from + length) {
        return;
      }
      take(JSON.parse(read.subarray(from, from + length).toString()) as Message);
      read = read.subarray(from + length);
    }
  });

  const rootUri = pathToFileURL(folder).href;
  const isReady = request("initialize", { processId: process.pid, rootUri, capabilities: {} }).then(() =>
    send({ method: "initialized", params: {} }),
  );

  return {
    complete: async (file, text, milliseconds) => {
      await isReady;
      const uri = pathToFileURL(join(folder, file)).href;
      const lines = text.slice(0, text.indexOf("|")).split("\n");
      const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
      const languageId = LANGUAGES[file.split(".").at(-1) ?? ""];
      const textDocument = { uri, languageId, version: 1, text: text.replace("|", "") };
      send({ method: "textDocument/didOpen", params: { textDocument } });
      for (let waited = 0; waited < milliseconds; waited += PAUSE_MS) {
        const result = await request("textDocument/completion", { textDocument: { uri }, position });
        const { items } = result as { readonly items: readonly { readonly label: string }[] };
        if (items.length > 0) {
          return items.map(({ label }) => label);
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      throw new Error(`The language server offers nothing in ${file}: ${complaints.join("; ")}`);
    },
    [Symbol.dispose]: () => child.kill(),
  };
}
