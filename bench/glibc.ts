import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "./processes.ts";

// Tailcall's binary wants glibc 2.39. Where the system's is older, a newer one is unpacked beside it, and the binary is
// run through that one's own loader; nothing is installed.
const WANTED = 2.39;
const NEWER_SUITE = "trixie";
const LIBRARIES = "usr/lib/x86_64-linux-gnu";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * The command that runs a binary with a glibc that is new enough: the system's, or Debian's next one.
 * Throws where neither can be had.
 */
export function withNewGlibc(binary: string, args: readonly string[], cache: string): Command {
  if (systemGlibc() >= WANTED) {
    return { file: binary, args };
  }
  const libraries = join(cache, "glibc", LIBRARIES);
  const loader = join(libraries, "ld-linux-x86-64.so.2");
  if (!existsSync(loader)) {
    unpack(join(cache, "glibc"));
  }
  return {
    file: loader,
    args: ["--library-path", `${libraries}:/${LIBRARIES}:/lib/x86_64-linux-gnu`, binary, ...args],
  };
}

function systemGlibc(): number {
  const header = (process.report.getReport() as { header?: { glibcVersionRuntime?: string } }).header;
  return Number(header?.glibcVersionRuntime ?? 0);
}

/** Takes the newer libc6 from wherever this machine's apt takes Debian's packages, with lists and caches of its own. */
function unpack(into: string): void {
  const site = run("apt-get", ["indextargets", "--format", "$(SITE)", "Origin: Debian", "Label: Debian"]).split(
    "\n",
  )[0];
  if (!site) {
    throw new Error("apt knows no Debian mirror");
  }
  const scratch = mkdtempSync(join(tmpdir(), "textgraph-bench-"));
  try {
    for (const folder of ["lists/partial", "cache/archives/partial"]) {
      mkdirSync(join(scratch, folder), { recursive: true });
    }
    writeFileSync(join(scratch, "sources.list"), `deb [signed-by=${KEYRING}] ${site} ${NEWER_SUITE} main\n`);
    const options = {
      "Dir::Etc::sourcelist": join(scratch, "sources.list"),
      "Dir::Etc::sourceparts": "-",
      "Dir::State::lists": join(scratch, "lists"),
      "Dir::Cache": join(scratch, "cache"),
      "Acquire::Languages": "none",
      "APT::Sandbox::User": "root",
    };
    const settings = Object.entries(options).flatMap(([name, value]) => ["--option", `${name}=${value}`]);
    run("apt-get", [...settings, "update"]);
    run("apt-get", [...settings, "download", "libc6:amd64"], scratch);
    const archive = readdirSync(scratch).find((name) => name.endsWith(".deb"));
    if (archive === undefined) {
      throw new Error("apt gave no libc6");
    }
    mkdirSync(into, { recursive: true });
    run("dpkg-deb", ["--extract", join(scratch, archive), into]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function run(file: string, args: readonly string[], cwd?: string): string {
  return execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], ...(cwd ? { cwd } : {}) });
}
