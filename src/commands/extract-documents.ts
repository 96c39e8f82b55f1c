import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gqlPluckFromCodeStringSync } from "@graphql-tools/graphql-tag-pluck";
import {
  type DefinitionNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionSetNode,
  visit,
} from "graphql";
import { ConfigError } from "../environment.ts";
import { Documents } from "../operations/documents.ts";
import { buildSchema } from "../operations/schema.ts";
import { runProgram } from "../program.ts";

// `npm run documents:extract -- FOLDER … [--out FILE] [--ids FILE]`: the operations in folders of clients' source, as a
// manifest for TRUSTED_DOCUMENTS and for clients that send ids; `--ids`: the same without the texts, which is all that a
// client needs. Folders share their fragments.

const USAGE = "Usage: npm run documents:extract -- FOLDER … [--out FILE] [--ids FILE]";
const SKIPPED_FOLDERS = /^(node_modules|\..*)$/;
const DOCUMENT_FILE = /\.(graphql|gql)$/;
const SOURCE_FILE = /\.[cm]?[jt]sx?$/;

interface Definition<Node extends DefinitionNode = DefinitionNode> {
  readonly file: string;
  readonly node: Node;
}

interface Operation {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly body: string;
}

runProgram(async () => {
  const { values, positionals } = readArguments();
  if (positionals.length === 0) {
    throw new ConfigError(USAGE);
  }
  const operations = manifestOf(positionals.flatMap(readDefinitions));
  const out = values.out ?? "persisted-query-manifest.json";
  write(out, { format: "apollo-persisted-query-manifest", version: 1, operations });
  if (values.ids !== undefined) {
    write(values.ids, { operations: operations.map(({ id, name }) => ({ id, name })) });
  }
  process.stdout.write(`${out} written, operations: ${operations.length}\n`);
  return 0;
});

function write(path: string, contents: object): void {
  writeFileSync(path, `${JSON.stringify(contents, null, 2)}\n`);
}

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options: { out: { type: "string" }, ids: { type: "string" } } });
  } catch {
    throw new ConfigError(USAGE);
  }
}

function readDefinitions(folder: string): Definition[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return SKIPPED_FOLDERS.test(entry.name) ? [] : readDefinitions(path);
    }
    if (DOCUMENT_FILE.test(entry.name)) {
      return definitionsIn(readFileSync(path, "utf8"), path);
    }
    // A tag's document ends at its first expression: `${FRAGMENT}` adds a definition that its own tag has too.
    return SOURCE_FILE.test(entry.name)
      ? gqlPluckFromCodeStringSync(path, readFileSync(path, "utf8")).flatMap(({ body }) => definitionsIn(body, path))
      : [];
  });
}

function definitionsIn(text: string, file: string): Definition[] {
  try {
    return parse(text).definitions.map((node) => ({ file, node }));
  } catch (error) {
    throw error instanceof GraphQLError ? new ConfigError(`${file}: ${error.message}`) : error;
  }
}

/** Each operation with the fragments that it uses, valid by the schema. Throws ConfigError. */
function manifestOf(definitions: readonly Definition[]): Operation[] {
  const fragments = new Map<string, Definition<FragmentDefinitionNode>>();
  const operations = new Map<string, Definition<OperationDefinitionNode>>();
  for (const { file, node } of definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) {
      keep(fragments, node.name.value, { file, node });
    } else if (node.kind === Kind.OPERATION_DEFINITION) {
      if (node.name === undefined) {
        throw new ConfigError(`${file}: every operation needs a name.`);
      }
      keep(operations, node.name.value, { file, node });
    }
    // Definitions of types, such as a copy of the schema, are never sent.
  }
  if (operations.size === 0) {
    throw new ConfigError("There is no operation in what was named: name the folder that holds the client's source.");
  }
  const documents = new Documents(buildSchema(), true);
  return [...operations].toSorted(byName).map(([name, { file, node }]) => {
    const body = print(withTypenames({ kind: Kind.DOCUMENT, definitions: [node, ...usedBy(node, fragments)] }));
    const document = documents.prepare(body);
    if (!("kind" in document)) {
      throw new ConfigError(`${file}: ${name}: ${document.errors[0]?.message}`);
    }
    return { id: createHash("sha256").update(body).digest("hex"), name, type: node.operation, body };
  });
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** Equal definitions may be in several files. */
function keep<Node extends DefinitionNode>(
  found: Map<string, Definition<Node>>,
  name: string,
  definition: Definition<Node>,
): void {
  const other = found.get(name);
  if (other !== undefined && print(other.node) !== print(definition.node)) {
    throw new ConfigError(`${other.file} and ${definition.file} have different definitions of ${name}.`);
  }
  found.set(name, definition);
}

/** The fragments that a definition spreads, also by other fragments. One that is not there is left to validation. */
function usedBy(
  node: DefinitionNode,
  fragments: ReadonlyMap<string, Definition<FragmentDefinitionNode>>,
  used = new Set<FragmentDefinitionNode>(),
): ReadonlySet<FragmentDefinitionNode> {
  visit(node, {
    FragmentSpread: ({ name }) => {
      const fragment = fragments.get(name.value)?.node;
      if (fragment !== undefined && !used.has(fragment)) {
        used.add(fragment);
        usedBy(fragment, fragments, used);
      }
    },
  });
  return used;
}

/** Clients with a cache by type, such as Apollo Client and urql, add `__typename` to each selection of what they send. */
function withTypenames<Document extends Parameters<typeof print>[0]>(document: Document): Document {
  return visit(document, {
    SelectionSet: (node, _key, parent): SelectionSetNode | undefined => {
      const isOperation = parent !== undefined && "kind" in parent && parent.kind === Kind.OPERATION_DEFINITION;
      const has = node.selections.some((each) => each.kind === Kind.FIELD && each.name.value === "__typename");
      const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } } as const;
      return isOperation || has ? undefined : { ...node, selections: [...node.selections, typename] };
    },
  });
}
