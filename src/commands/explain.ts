import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { getOperationAST } from "graphql";
import { readConfig } from "../config.ts";
import { loadEnvFile } from "../env-file.ts";
import { isJsonObject } from "../json.ts";
import { Documents } from "../operations/documents.ts";
import type { Plan, PlannedField } from "../operations/explain.ts";
import { buildGraph } from "../operations/graph.ts";
import { errorsOfVariables } from "../operations/variables.ts";
import { type Output, runProgram } from "../program.ts";

/** What the program uses from its environment. */
interface ExplainSurroundings {
  /** Limits of one operation. */
  readonly limits: { readonly calls: number; readonly objects: number };
  readonly stdout: Output;
  readonly stderr: Output;
}

const USAGE = `Usage: npm run explain -- file.graphql [--variables file.json] [--operation Name]
Prints what the operation may cost at most, and which of its fields does. It runs nothing and calls no platform.
`;

const OPTIONS = { variables: { type: "string" }, operation: { type: "string" } } as const;

/**
 * Explains the operation in a file. Resolves to the exit code: 0, 1 if the operation is invalid or would be refused, or 2
 * for a wrong call.
 */
export async function runExplain(
  argv: readonly string[],
  { limits, stdout, stderr }: ExplainSurroundings,
): Promise<number> {
  const asked = readArguments(argv);
  if (asked === null) {
    stderr.write(USAGE);
    return 2;
  }
  const [text, variables] = await Promise.all([
    readFile(asked.file, "utf8"),
    asked.variables === undefined ? {} : readJson(asked.variables),
  ]);
  if (!isJsonObject(variables)) {
    stderr.write(`${asked.variables} must have the variables as a JSON object: {"first": 10}.\n`);
    return 2;
  }
  const { schema, explain } = await buildGraph({ isSubgraph: false, allowsIntrospection: true, limits });
  const document = new Documents(schema, true).prepare(text);
  if (!("kind" in document)) {
    for (const { message, locations } of document.errors) {
      const [at] = locations ?? [];
      stderr.write(`${asked.file}:${at === undefined ? "" : `${at.line}:${at.column}:`} ${message}\n`);
    }
    return 1;
  }
  const definition = getOperationAST(document, asked.operation);
  if (!definition) {
    stderr.write(`Which operation of ${asked.file}? Name one that it has: --operation Name.\n`);
    return 1;
  }
  const plan = explain({ document, definition, variables });
  if (plan === null) {
    for (const { message } of errorsOfVariables(schema, definition, variables)) {
      stderr.write(`${message}\n`);
    }
    stderr.write(asked.variables === undefined ? "Give the variables in a file: --variables file.json.\n" : "");
    return 1;
  }
  stdout.write(print(plan));
  return plan.refused === null ? 0 : 1;
}

function readArguments(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
    const [file, ...more] = positionals;
    return file === undefined || more.length > 0 ? null : { ...values, file };
  } catch {
    return null;
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8");
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function print({ kind, name, atMost, warm, allowed, refused, dearest, fields }: Plan): string {
  const lines = [
    `${kind}${name === null ? "" : ` ${name}`}: at most ${calls(atMost.calls)} and ${objects(atMost.objects)}` +
      `${kind === "subscription" ? " for each event" : ""}; ${calls(warm.calls)} while lists are kept`,
    ...fields.flatMap((field) => linesOf(field, "  ")),
    ...(dearest === null ? [] : [`Dearest: ${dearest.path}, ${calls(dearest.calls)} and ${objects(dearest.objects)}`]),
    refused === null ? `Allowed: ${calls(allowed.calls)} and ${objects(allowed.objects)}` : `Refused: ${refused}`,
  ];
  return `${lines.join("\n")}\n`;
}

function linesOf(field: PlannedField, indent: string): readonly string[] {
  const { name, times, atMost, warm, calls: names } = field;
  const cost = [
    ...(atMost.calls > 0 ? [`${calls(atMost.calls)} (${warm.calls} warm)`] : []),
    ...(atMost.objects > 0 ? [objects(atMost.objects)] : []),
    ...(times > 1 ? [`asked for ${number(times)} times`] : []),
  ];
  const routes = names.length === 0 ? "" : `: ${names.join(", ")}`;
  return [
    `${indent}${name}  ${cost.join(", ")}${routes}`,
    ...field.fields.flatMap((each) => linesOf(each, `${indent}  `)),
  ];
}

function calls(count: number): string {
  return `${number(count)} ${count === 1 ? "call" : "calls"}`;
}

function objects(count: number): string {
  return `${number(count)} ${count === 1 ? "object" : "objects"}`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}

if (import.meta.main) {
  runProgram(() => {
    const { limits } = readConfig(loadEnvFile(process.env));
    return runExplain(process.argv.slice(2), { limits, stdout: process.stdout, stderr: process.stderr });
  });
}
