import { defaultFieldResolver, isObjectType } from "graphql";
import { expect, test } from "vitest";
import { buildSchema } from "../src/server/schema.ts";

test("every root field has a resolver: without one it would answer null and nobody would know why", () => {
  const schema = buildSchema();
  const missing = [schema.getQueryType(), schema.getMutationType()]
    .filter(isObjectType)
    .flatMap((type) => Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, field })))
    .filter(({ field }) => (field.resolve ?? defaultFieldResolver) === defaultFieldResolver)
    .map(({ name }) => name);
  expect(missing).toEqual([]);
});
