import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect as connectTo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VERSIONS = "/usr/lib/postgresql";
const PROGRAMS = existsSync(VERSIONS)
  ? readdirSync(VERSIONS)
      .map((version) => `${VERSIONS}/${version}/bin`)
      .find((folder) => existsSync(`${folder}/initdb`))
  : undefined;

/** False where Debian's PostgreSQL is not installed, or cannot be run as a user of its own. */
export const HAS_POSTGRES = PROGRAMS !== undefined && (process.getuid?.() !== 0 || existsSync("/usr/sbin/runuser"));

/** A PostgreSQL of a test's own, which it may stop and break; removed when it is disposed. */
export interface OwnPostgres extends Disposable {
  /** The database `postgres`. */
  readonly url: string;
  readonly port: number;
  start(): void;
  /** As a power cut would. */
  stop(): void;
  /** Stops all its processes where they are, or lets them go on. */
  freeze(signal: "SIGSTOP" | "SIGCONT"): void;
  /** A standby that follows this one. */
  copy(port: number): OwnPostgres;
  promote(): void;
}

export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<OwnPostgres> {
  const folder = makeFolder();
  run("initdb", "-D", join(folder, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync");
  const own = control(folder, await freePort(), settings);
  own.start();
  return own;
}

/** Leads to a port that can be changed; all connections are cut then. */
export async function startProxy(target: number) {
  let port = target;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connectTo(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  return {
    port: portOf(server.address()),
    lead: (to: number) => {
      port = to;
      cut();
    },
    [Symbol.dispose]: () => {
      server.close();
      cut();
    },
  };
}

function control(folder: string, port: number, settings: Readonly<Record<string, string>>): OwnPostgres {
  const data = join(folder, "data");
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: folder, fsync: "off", ...settings };
  const options = Object.entries(all).map(([name, value]) => `-c ${name}=${value}`);
  const freeze = (signal: "SIGSTOP" | "SIGCONT") => {
    const [first = ""] = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    for (const pid of [Number(first), ...childrenOf(Number(first))]) {
      process.kill(pid, signal);
    }
  };
  const stop = () => {
    if (existsSync(join(data, "postmaster.pid"))) {
      run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop");
    }
  };
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    start: () =>
      run("pg_ctl", "-D", data, "-w", "-l", join(folder, "log"), "-o", `-p ${port} ${options.join(" ")}`, "start"),
    stop,
    freeze,
    copy: (copyPort) => {
      const other = makeFolder();
      run(
        "pg_basebackup",
        "-h",
        "127.0.0.1",
        "-p",
        String(port),
        "-U",
        "postgres",
        "-D",
        join(other, "data"),
        "-R",
        "-c",
        "fast",
      );
      const standby = control(other, copyPort, settings);
      standby.start();
      return standby;
    },
    promote: () => run("pg_ctl", "-D", data, "-w", "promote"),
    [Symbol.dispose]: () => {
      stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A folder that belongs to the user postgres. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-postgres-"));
  giveToPostgres(folder);
  return folder;
}

export function giveToPostgres(path: string): void {
  if (process.getuid?.() === 0) {
    const id = (kind: string) => Number(execFileSync("id", [kind, "postgres"], { encoding: "utf8" }));
    chownSync(path, id("-u"), id("-g"));
  }
}

/** A program's command line, as the user postgres: PostgreSQL and PgBouncer refuse to run as root. */
export function asPostgres(program: string, ...options: string[]): [file: string, ...args: string[]] {
  return process.getuid?.() === 0
    ? ["/usr/sbin/runuser", "-u", "postgres", "--", program, ...options]
    : [program, ...options];
}

function run(program: string, ...options: string[]): void {
  const [file, ...args] = asPostgres(`${PROGRAMS}/${program}`, ...options);
  // Not the pipes of this process, which a database that was started would hold open.
  execFileSync(file, args, { stdio: "ignore", cwd: "/" });
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/stat`, "utf8")
            .replace(/^.*\) . /s, "")
            .split(" ")[0] === String(parent)
        );
      } catch {
        return false;
      }
    });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server.address());
  server.close();
  await once(server, "close");
  return port;
}

function portOf(address: ReturnType<ReturnType<typeof createServer>["address"]>): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}
