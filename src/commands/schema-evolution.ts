import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Change, CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildASTSchema, Kind, parse, print, visit } from "graphql";
import { ConfigError } from "../environment.ts";
import { readTypeDefs } from "../operations/schema.ts";
import { runProgram } from "../program.ts";

// `npm run schema:check` compares the schema with the one of the last release, and refuses what would break clients
// unless schema/CHANGELOG.md explains it; the policy stands there. `npm run schema:release` takes today's as released.

const FOLDER = new URL("../../schema/", import.meta.url);
const RELEASED = new URL("released/schema.graphql", FOLDER);
const CHANGELOG = new URL("CHANGELOG.md", FOLDER);
const REASON = /^Use .+\. Removed on (\d{4}-\d{2}-\d{2}) at the earliest\.$/s;
/** A field that asks for another scope turns clients away, though the shape of the answer stays. */
const GUARD = /\.@(requiresScopes|authenticated)\b/;
const IS_GUARD_GONE = /^DIRECTIVE_USAGE_(FIELD_DEFINITION|OBJECT|INTERFACE)_REMOVED$/;

/** What is compared. */
export interface Evolution {
  /** The SDL of the last release and of today, with their directives. */
  readonly released: string;
  readonly current: string;
  /** The text of schema/CHANGELOG.md. */
  readonly changelog: string;
  readonly today: Date;
}

/** Why the schema may not be released as it is, one sentence each; none if it may. */
export async function findFaults({ released, current, changelog, today }: Evolution): Promise<string[]> {
  const explained = readExplained(changelog);
  const deprecations = readDeprecations(released);
  const breaking = (await diff(toSchema(released), toSchema(current))).filter(isBreaking);
  return [
    ...breaking
      .filter(({ path }) => !explained.has(path ?? ""))
      .map(({ path, message }) => `${message}. Clients break: keep it, or explain \`${path}\` under Breaking.`),
    ...breaking.flatMap(({ path = "", message }) => {
      const [, date] = REASON.exec(deprecations.get(path) ?? "") ?? [];
      const isEarly = date !== undefined && new Date(date) > today;
      return isEarly ? [`${message}. It was promised until ${date}: keep it until then.`] : [];
    }),
    ...[...readDeprecations(current)]
      .filter(([, reason]) => !REASON.test(reason))
      .map(([path]) => `The deprecation of ${path} needs the reason "Use … . Removed on 2027-12-31 at the earliest."`),
  ];
}

function toSchema(sdl: string) {
  // Valid SDL was released, and the tests check today's; federation's directives have no definitions here.
  return buildASTSchema(parse(sdl), { assumeValidSDL: true });
}

function isBreaking({ criticality: { level }, path = "", type }: Change): boolean {
  const asksForMore = GUARD.test(path) && level === CriticalityLevel.Dangerous && !IS_GUARD_GONE.test(type);
  return level === CriticalityLevel.Breaking || asksForMore;
}

/** The paths between backticks under "Breaking" of the part "Unreleased". */
function readExplained(changelog: string): ReadonlySet<string> {
  const unreleased = /^## Unreleased$(.*?)(?=^## |$(?![\s\S]))/ms.exec(changelog)?.[1] ?? "";
  const breaking = /^### Breaking$(.*?)(?=^### |$(?![\s\S]))/ms.exec(unreleased)?.[1] ?? "";
  return new Set([...breaking.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path));
}

/** The reason of each deprecated field, argument, input field and enum value, by its path as the comparison names it. */
function readDeprecations(sdl: string): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  const path: string[] = [];
  visit(parse(sdl), {
    enter(node) {
      if ("name" in node && node.name !== undefined && node.kind !== Kind.DIRECTIVE) {
        path.push(node.name.value);
      }
      if (node.kind === Kind.DIRECTIVE && node.name.value === "deprecated") {
        const reason = node.arguments?.find(({ name }) => name.value === "reason")?.value;
        reasons.set(path.join("."), reason?.kind === Kind.STRING ? reason.value : "");
      }
    },
    leave(node) {
      if ("name" in node && node.name !== undefined && node.kind !== Kind.DIRECTIVE) {
        path.pop();
      }
    },
  });
  return reasons;
}

/** The changelog with what was unreleased under this version, and an empty part for what comes next. */
export function closeUnreleased(changelog: string, version: string, today: Date): string {
  if (changelog.includes(`\n## ${version} `)) {
    throw new ConfigError(
      `schema/CHANGELOG.md has a part for ${version} already: raise the version in package.json first.`,
    );
  }
  return changelog.replace(/^## Unreleased$/m, `## Unreleased\n\n## ${version} (${today.toISOString().slice(0, 10)})`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { release: { type: "boolean", default: false } } });
  const current = `${print(readTypeDefs())}\n`;
  const [changelog, released] = [CHANGELOG, RELEASED].map((file) => readFileSync(file, "utf8")) as [string, string];
  const today = new Date();
  const faults = await findFaults({ released, current, changelog, today });
  if (faults.length > 0) {
    process.stderr.write(`${faults.join("\n")}\n`);
    return 1;
  }
  if (values.release) {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", FOLDER), "utf8")) as { version: string };
    writeFileSync(CHANGELOG, closeUnreleased(changelog, version, today));
    writeFileSync(RELEASED, current);
    process.stdout.write(`schema/released/schema.graphql is the schema of ${version} now.\n`);
  }
  return 0;
}

if (import.meta.main) {
  runProgram(main);
}
