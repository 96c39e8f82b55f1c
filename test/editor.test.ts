import { fileURLToPath } from "node:url";
import { CodeFileLoader } from "@graphql-tools/code-file-loader";
import { validate } from "graphql";
import { type GraphQLExtensionDeclaration, loadConfig } from "graphql-config";
import { expect, test } from "vitest";

const rootDir = fileURLToPath(new URL("..", import.meta.url));

test("an editor finds schema and documents by .graphqlrc.yml, and every document is valid", async () => {
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
  expect(files).toEqual(expect.arrayContaining(["examples/stories.graphql", "examples/typed-client/operations.ts"]));
  const wrong = documents.flatMap(({ document, location }) =>
    schema && document
      ? validate(schema, document).map(({ message }) => `${location}: ${message}`)
      : [`${location}: empty`],
  );
  expect(wrong).toEqual([]);
});
