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

function isFragment({ kind }: DefinitionNode): boolean {
  return kind === Kind.FRAGMENT_DEFINITION;
}
