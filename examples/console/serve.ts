import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import sirv from "sirv";

/** The files of a build have a hash of their content in their names: whoever has one never asks for it again. */
const HASHED = /^\/assets\//;
const HEADERS = {
  // The graph may be anywhere; all else comes from here. React Aria and Recharts set styles of elements.
  "content-security-policy":
    "default-src 'self'; connect-src 'self' http: https: ws: wss:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * Serves the build, compressed as it was by the build; every address without a file is a page of the console. Another free
 * port if this one is taken. Resolves with the address.
 */
export async function serveConsole(port: number): Promise<string> {
  const files = sirv(fileURLToPath(new URL("dist", import.meta.url)), {
    single: true,
    brotli: true,
    gzip: true,
    etag: true,
    setHeaders: (response, path) => {
      response.setHeader("cache-control", HASHED.test(path) ? "public, max-age=31536000, immutable" : "no-cache");
      for (const [name, value] of Object.entries(HEADERS)) {
        response.setHeader(name, value);
      }
    },
  });
  const server = createServer(files);
  await listen(port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") {
      throw error;
    }
    return listen(0);
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : port}/`;

  function listen(at: number): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once("error", reject).listen(at, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  }
}
