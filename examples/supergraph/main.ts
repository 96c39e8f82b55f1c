import { byApollo, byGuild, type Subgraph } from "./compose.ts";
import { CRM_SDL, startCrm } from "./crm.ts";
import { startGraph } from "./graph.ts";
import { startApollo, startHive } from "./routers.ts";

const ROUTERS = {
  hive: { compose: byGuild, start: startHive },
  apollo: { compose: byApollo, start: startApollo },
} as const;

/** The SDL that a subgraph gives to a router. */
async function readSdl(url: string, key: string | null): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key !== null && { "x-api-key": key }) },
    body: JSON.stringify({ query: "{ _service { sdl } }" }),
  });
  const { data, errors } = await response.json();
  if (typeof data?._service?.sdl !== "string") {
    throw new Error(`The graph at ${url} gives no SDL (${errors?.[0]?.message}): is it started with SUBGRAPH=on?`);
  }
  return data._service.sdl;
}

async function main(): Promise<void> {
  const { ROUTER = "hive", ROUTER_KEY: key = null, PORT = "4002", TEXTGRAPH_URL } = process.env;
  if (ROUTER !== "hive" && ROUTER !== "apollo") {
    throw new Error("ROUTER must be hive or apollo.");
  }
  const { url, stop } =
    TEXTGRAPH_URL === undefined ? await startGraph() : { url: TEXTGRAPH_URL, stop: () => undefined };
  const crm = await startCrm();
  const subgraphs: readonly Subgraph[] = [
    { name: "textgraph", url, sdl: await readSdl(url, key) },
    { name: "crm", url: crm.url, sdl: CRM_SDL },
  ];
  const { compose, start } = ROUTERS[ROUTER];
  const { supergraph, errors } = compose(subgraphs);
  if (supergraph === null) {
    throw new Error(errors.join("\n"));
  }
  const router = await start({ supergraph, guarded: { name: "textgraph", key }, port: Number(PORT) });
  process.stdout.write(`supergraph ready at ${router.url}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      // At once: Hive Gateway ends the process by itself, without the event `exit`.
      stop();
      Promise.all([router.close(), crm.close()]).finally(() => process.exit());
    });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
