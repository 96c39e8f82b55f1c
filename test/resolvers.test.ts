import { defaultFieldResolver, isObjectType, isScalarType, isSpecifiedScalarType } from "graphql";
import { expect, test } from "vitest";
import { buildSchema } from "../src/operations/schema.ts";

test("everything that is served is described, scalars with resolvers of their own included", () => {
  const schema = buildSchema();
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
  expect(types.filter(({ description }) => !description).map(({ name }) => name)).toEqual([]);
  const scalars = types.filter(isScalarType).filter((scalar) => !isSpecifiedScalarType(scalar));
  expect(scalars.map(({ name, specifiedByURL }) => [name, URL.canParse(specifiedByURL ?? "")])).toEqual(
    scalars.map(({ name }) => [name, true]),
  );
  expect(schema.getType("PhoneNumber")?.description).toContain("E.164");
});

test("every root field has a resolver: without one it would answer null and nobody would know why", () => {
  const schema = buildSchema();
  const missing = [schema.getQueryType(), schema.getMutationType()]
    .filter(isObjectType)
    .flatMap((type) => Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, field })))
    .filter(({ field }) => (field.resolve ?? defaultFieldResolver) === defaultFieldResolver)
    .map(({ name }) => name);
  expect(missing).toEqual([]);
});
