import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Figure, measureSegment } from "./measure.ts";
import { plan, type Workload, workloads } from "./phases.ts";
import { startPlatforms } from "./platforms.ts";
import { type Command, pinSelf } from "./processes.ts";
import { writeReport } from "./report.ts";
import { OURS, peers, RUNGS, rungs, type Server, servers } from "./servers.ts";

const USAGE = `npm run bench -- [--quick] [--only NAME,…] [--rounds N] [--seconds N]
                 [--latency MS] [--connections N]

  --quick      one round, 1 s a phase, 50 connections: about a minute
  --only       these servers and workloads: ${[...servers.map(({ name }) => name), ...workloads].join(", ")};
               rungs: ${OURS} and all from ${RUNGS[0]} to ${RUNGS.at(-1)}
  --rounds     how often each server is measured (3)
  --seconds    how long each phase lasts (2.5)
  --latency, --connections   only the phases with these platforms and clients

A full run writes bench/RESULTS.md; with any choice the same goes to bench/.cache/RESULTS.md.
`;

const here = import.meta.dirname;
const cache = join(here, ".cache");

interface Choice {
  readonly servers: readonly Server[];
  readonly workloads: readonly Workload[];
  readonly isQuick: boolean;
  readonly latency: number | null;
  readonly connections: number | null;
  readonly isWhole: boolean;
  readonly rounds: number;
  readonly seconds: number;
}

function readChoice(): Choice {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      latency: { type: "string" },
      connections: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const only = values.only
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean)
    .flatMap((name) => (name === "rungs" ? [OURS, ...RUNGS] : [name]));
  const chosenServers = servers.filter(({ name }) => only.includes(name.toLowerCase()));
  const chosenWorkloads = workloads.filter((name) => only.includes(name));
  if (chosenServers.length + chosenWorkloads.length < only.length) {
    throw new Error(`--only knows no such name\n\n${USAGE}`);
  }
  return {
    servers:
      chosenServers.length > 0 ? chosenServers : [...servers.filter((server) => !rungs.slice(1).includes(server))],
    workloads: chosenWorkloads.length > 0 ? chosenWorkloads : workloads,
    isQuick: values.quick,
    isWhole: !values.quick && only.length === 0 && values.latency === undefined && values.connections === undefined,
    latency: values.latency === undefined ? null : Number(values.latency),
    connections: values.connections === undefined ? null : Number(values.connections),
    rounds: readNumber("--rounds", values.rounds, values.quick ? 1 : 3),
    seconds: readNumber("--seconds", values.seconds, values.quick ? 1 : 2.5),
  };
}

function readNumber(flag: string, text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!(number > 0 && number <= 60)) {
    throw new Error(`${flag} takes a number above 0 and up to 60`);
  }
  return number;
}

/** The peers are not the project's dependencies: they are installed here, when they are first needed. */
function install(chosen: readonly Server[]): void {
  if (chosen.some((server) => peers.includes(server)) && !existsSync(join(here, "node_modules"))) {
    say("installing the peers (npm ci in bench/)");
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: here, stdio: ["ignore", "ignore", "inherit"] });
  }
  mkdirSync(cache, { recursive: true });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** How each server is started; one that cannot be is put among the missing, with the reason. */
function prepare(choice: Choice, missing: Map<string, string>): Map<Server, Command> {
  const commands = new Map<Server, Command>();
  for (const server of choice.servers) {
    try {
      commands.set(server, server.command());
    } catch (error) {
      missing.set(server.name, reasonOf(error));
      say(`${server.name}: not run here, because ${reasonOf(error)}`);
    }
  }
  return commands;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}

async function measureAll(
  choice: Choice,
  platforms: number,
): Promise<{ figures: Figure[]; missing: Map<string, string> }> {
  const missing = new Map<string, string>();
  const commands = prepare(choice, missing);
  const segments = plan(choice.workloads, choice.isQuick, choice);
  const pace = { seconds: choice.seconds, warmUpSeconds: choice.isQuick ? 0.3 : 0.5 };
  const figures: Figure[] = [];
  for (let round = 1; round <= choice.rounds; round++) {
    for (const [server, command] of commands) {
      for (const segment of segments) {
        say(`round ${round}: ${server.name}, ${segment.rows.toLocaleString("en")} rows`);
        try {
          figures.push(...(await measureSegment(server, command, segment, pace, platforms)));
        } catch (error) {
          missing.set(`${server.name}, ${segment.rows.toLocaleString("en")} rows`, reasonOf(error));
          say(`  left out: ${reasonOf(error)}`);
        }
      }
    }
  }
  return { figures, missing };
}

async function main(): Promise<void> {
  const choice = readChoice();
  install(choice.servers);
  pinSelf();
  await using platforms = await startPlatforms();
  const { figures, missing } = await measureAll(choice, platforms.pid);
  const target = join(choice.isWhole ? here : cache, "RESULTS.md");
  writeFileSync(target, writeReport({ figures, missing, rounds: choice.rounds, seconds: choice.seconds }));
  say(`written: ${target}`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exitCode = 1;
}
