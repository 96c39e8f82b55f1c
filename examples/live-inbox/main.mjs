import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

// Serves the page at http://localhost:4001, or at another port: node main.mjs 8080. Plain JavaScript, for any Node.
const port = Number(process.argv[2] ?? 4001);
const server = createServer(async (_request, response) => {
  const page = await readFile(new URL("index.html", import.meta.url));
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
});
server.on("error", (error) => {
  const isTaken = "code" in error && error.code === "EADDRINUSE";
  process.stderr.write(
    isTaken ? `Port ${port} is in use: name another one, as in: node main.mjs 8080\n` : `${error}\n`,
  );
  process.exitCode = 1;
});
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  process.stderr.write("The port must be a number from 0 to 65535, as in: node main.mjs 8080\n");
  process.exit(1);
}
server.listen(port, "127.0.0.1", () => {
  const address = server.address();
  const at = typeof address === "object" && address !== null ? address.port : port;
  process.stdout.write(`http://localhost:${at}\n`);
});
