import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CodeFileLoader } from "@graphql-tools/code-file-loader";
import {
  type DefinitionNode,
  type DocumentNode,
  Kind,
  NoDeprecatedCustomRule,
  NoUnusedFragmentsRule,
  specifiedRules,
  validate,
} from "graphql";
import { type GraphQLExtensionDeclaration, loadConfig } from "graphql-config";
import { expect, test } from "vitest";
import { PACKAGES, startLanguageServer } from "../bench/editor/language-server.ts";

const rootDir = fileURLToPath(new URL("..", import.meta.url));

test("an editor finds schema and documents by .graphqlrc.yml, and every document is valid, without a deprecated field", async () => {
  // As editors do, which find operations in programs too.
  const readsPrograms: GraphQLExtensionDeclaration = ({ loaders }) => {
    loaders.documents.register(new CodeFileLoader());
    return { name: "programs" };
  };
  const config = await loadConfig({ rootDir, extensions: [readsPrograms] });
  const project = config?.getDefault();
  const schema = await project?.getSchema();
  const documents = (await project?.getDocuments()) ?? [];

  expect(schema?.getQueryType()?.getFields()).toHaveProperty("person");
  const files = documents.map(({ location = "" }) => location.slice(rootDir.length));
  const expected = ["examples/stories.graphql", "examples/typed-client/operations.ts", "kit/operations/sends.graphql"];
  expect(files).toEqual(expect.arrayContaining(expected));
  // Fragments of one file serve the others.
  const fragments = documents.flatMap(({ document }) => document?.definitions.filter(isFragment) ?? []);
  const rules = [...specifiedRules.filter((rule) => rule !== NoUnusedFragmentsRule), NoDeprecatedCustomRule];
  const wrong = documents.flatMap(({ document, location }) => {
    if (!schema || !document) {
      return [`${location}: empty`];
    }
    const definitions = [...new Set([...document.definitions, ...fragments])];
    const whole: DocumentNode = { kind: Kind.DOCUMENT, definitions };
    return validate(schema, whole, rules).map(({ message }) => `${location}: ${message}`);
  });
  expect(wrong).toEqual([]);
});

// `.ci/run` installs the language server, with `npm --prefix bench/editor ci --ignore-scripts`.
test.skipIf(!existsSync(PACKAGES))(
  "the language server of editors completes fields and arguments, in documents and in programs",
  { timeout: 60_000 },
  async () => {
    using server = startLanguageServer(rootDir);
    const query = "query Mine {\n  participants(first: 3) {\n    nodes {\n      |\n    }\n  }\n}\n";
    expect(await server.complete("examples/mine.graphql", query, 30_000)).toEqual(
      expect.arrayContaining(["displayPhoneNumber", "groups", "person"]),
    );
    const program = `import { graphql } from "./generated/index.ts";\nexport const Mine = graphql(\`\n${query}\`);\n`;
    expect(await server.complete("examples/typed-client/mine.ts", program, 30_000)).toContain("displayPhoneNumber");
    const args = "query Mine {\n  participants(|) {\n    totalCount\n  }\n}\n";
    expect(await server.complete("examples/arguments.graphql", args, 30_000)).toEqual(
      expect.arrayContaining(["first", "filter"]),
    );
  },
);

function isFragment({ kind }: DefinitionNode): boolean {
  return kind === Kind.FRAGMENT_DEFINITION;
}
