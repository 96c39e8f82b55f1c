import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addApiKey, removeApiKey } from "../src/access/api-keys.ts";
import { readConfig } from "../src/config.ts";
import { startSimulated } from "../src/simulated.ts";

// `node bench/refusals.ts`: whether the time of a refusal says how wrong a credential is. Requests of all kinds alternate
// on one connection, so that the machine's noise is the same for all.

const ROUNDS = 5_000;
const BODY = JSON.stringify({ query: "{ __typename }" });

const folder = mkdtempSync(join(tmpdir(), "refusals-"));
const path = join(folder, "keys.json");
const limits = { expires: null, callsPerMinute: null, recipientsPerMinute: null };
const key = addApiKey(path, { name: "good", scopes: [], ...limits });
const revoked = addApiKey(path, { name: "revoked", scopes: [], ...limits });
removeApiKey(path, "revoked");
const app = await startSimulated(
  readConfig({ SIMULATE: "on", PORT: "0", LOG_LEVEL: "silent", API_KEYS_FILE: path, NODE_ENV: "production" }),
);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Headers by kind. `none` is there twice: what differs between the two is noise. */
const KINDS: Readonly<Record<string, Record<string, string>>> = {
  none: {},
  "none again": {},
  "a key that was never one": { "x-api-key": `tg_${"A".repeat(43)}` },
  "a key that differs in its last letter": { "x-api-key": key.slice(0, -1) + (key.endsWith("A") ? "E" : "A") },
  "a revoked key": { "x-api-key": revoked },
  "a word": { authorization: "Bearer x" },
  "a token, though no issuer is configured": { authorization: "Bearer aaaa.bbbb.cccc" },
};

function ask(headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const options = { agent, method: "POST", headers: { "content-type": "application/json", ...headers } };
    request(app.url, options, (response) => {
      response.resume().on("end", () => resolve(performance.now() - began));
    })
      .on("error", reject)
      .end(BODY);
  });
}

const times = new Map(Object.keys(KINDS).map((kind) => [kind, [] as number[]]));
for (let round = -200; round < ROUNDS; round += 1) {
  for (const [kind, headers] of Object.entries(KINDS)) {
    const time = await ask(headers);
    if (round >= 0) {
      times.get(kind)?.push(time);
    }
  }
}
for (const [kind, all] of times) {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number) => ((sorted[Math.floor(sorted.length * share)] ?? 0) * 1_000).toFixed(0);
  process.stdout.write(`${kind.padEnd(42)} 25 % ${at(0.25)} µs   median ${at(0.5)} µs\n`);
}
agent.destroy();
await app.close();
rmSync(folder, { recursive: true });
