import { credentialsOf } from "../src/simulator/credentials.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../src/simulator/simulator.ts";
import { type ChildServer, environmentFor, startChild } from "./child-server.ts";
import { SECRET } from "./events.ts";
import { makePostgres } from "./stores.ts";

/** Servers in processes of their own, over the same platforms and one database schema. */
export interface ReplicaStage extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly replicas: ChildServer[];
  readonly schema: string;
  /** What all of them wrote to stderr, those that were killed included. */
  log(): string;
  /** Kills a replica as a power cut would, and starts another one in its place. */
  replace(at: number): Promise<void>;
}

interface ReplicaOptions {
  readonly database: string;
  readonly count?: number;
  readonly simulator?: SimulatorOptions;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startReplicas({ database, count = 3, ...options }: ReplicaOptions): Promise<ReplicaStage> {
  const simulator = await startSimulator({ people: 30, polls: 1, responsesPerPoll: 2, ...options.simulator });
  const place = await makePostgres(database);
  const environment = {
    ...environmentFor(simulator, ""),
    ...credentialsOf(simulator),
    OVERLOAD_LAG_MS: "60000",
    WEBHOOK_SECRET: SECRET,
    STORE_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
    ...options.env,
    STORE_URL: place.url,
  };
  const replicas = await Promise.all(Array.from({ length: count }, () => startChild(environment)));
  const all = [...replicas];
  return {
    simulator,
    replicas,
    schema: place.schema,
    log: () => all.map(({ log }) => log.join("")).join("\n"),
    replace: async (at) => {
      await replicas[at]?.kill();
      const next = await startChild(environment);
      replicas[at] = next;
      all.push(next);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(replicas.map((replica) => replica.kill()));
      await simulator.close();
      await place[Symbol.asyncDispose]();
    },
  };
}
