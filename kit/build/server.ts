import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "rolldown";
import { TABLE } from "../../src/jobs/zones.ts";

const TABLE_NAME = "timezones.bson";

/** The server reads its table of time zones from a package, which is not there where the bundle is installed. */
const besideTheBundle: Plugin = {
  name: "beside the bundle",
  transform: {
    filter: { id: /\/src\/jobs\/zones\.ts$/ },
    handler(code) {
      const changed = code.replace(/new URL\([^;]*;/, `new URL("${TABLE_NAME}", import.meta.url);`);
      if (changed === code) {
        throw new Error("The bundle does not know how the server finds its table of time zones.");
      }
      return changed;
    },
  },
};

export interface BundleOptions {
  /** The repository. */
  readonly root: string;
  /** Folder of the package that gets it. */
  readonly out: string;
}

/**
 * The server and the simulator as one file without dependencies: Node strips no types inside node_modules, and a
 * frontend must not install a server's packages for its tests. Their licences go along.
 */
export async function bundleServer({ root, out }: BundleOptions): Promise<void> {
  const { output } = await build({
    // The explorer is for people: its files are large, and the server goes on without.
    external: /^ruru\//,
    input: join(root, "kit/testing/start.ts"),
    platform: "node",
    logLevel: "warn",
    plugins: [besideTheBundle],
    output: { file: join(out, "server/index.js"), format: "esm", codeSplitting: false, comments: { legal: true } },
  });
  // Where the server looks for its schema, as seen from its file.
  cpSync(join(root, "schema"), join(out, "../schema"), { recursive: true });
  cpSync(TABLE, join(out, "server", TABLE_NAME));
  const modules = output.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
  writeFileSync(join(out, "THIRD-PARTY-LICENSES.txt"), licencesOf([...modules, fileURLToPath(TABLE)]));
}

/** The licence texts of the packages that modules are of. */
function licencesOf(modules: readonly string[]): string {
  const folders = modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
  return [...new Set(folders)]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry) && existsSync(join(folder, entry)));
      return `${name} ${version} (${license})\n\n${file === undefined ? "" : readFileSync(join(folder, file), "utf8")}\n`;
    })
    .join(`${"-".repeat(80)}\n`);
}
