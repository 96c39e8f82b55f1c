// Writes docs/schema/: a page for each file of schema/, with every type, field and argument, what a field costs and the
// scopes that it needs. `npm run docs` and `npm run docs:build` run it first.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  parse,
  print,
  type StringValueNode,
  type TypeNode,
} from "graphql";

type Described = { readonly description?: StringValueNode | undefined };

const SCHEMA = new URL("../../schema/", import.meta.url);
const PAGES = new URL("../schema/", import.meta.url);
const ROOTS = new Set(["Query", "Mutation", "Subscription"]);

const files = readdirSync(SCHEMA)
  .filter((name) => name.endsWith(".graphql"))
  .sort()
  .map((name) => ({
    name: name.replace(".graphql", ""),
    definitions: parse(readFileSync(new URL(name, SCHEMA), "utf8")).definitions,
  }));

/** The page of each type that has one. */
const pageOf = new Map(
  files.flatMap(({ name, definitions }) =>
    definitions.flatMap((definition) =>
      "name" in definition && definition.name !== undefined && definition.kind.endsWith("TypeDefinition")
        ? [[definition.name.value, name] as const]
        : [],
    ),
  ),
);

/** A description with the names of types in it linked, and nothing that Vue would read as a template. */
function prose({ description }: Described): string {
  return (description?.value ?? "")
    .replaceAll("{{", "&#123;&#123;")
    .replaceAll("<", "&lt;")
    .replace(/`([A-Z]\w+)`/g, (text, name: string) => link(name, text));
}

function link(name: string, text: string): string {
  const page = pageOf.get(name);
  return page === undefined || ROOTS.has(name) ? text : `[${text}](./${page}.md#${name.toLowerCase()})`;
}

/** A type as GraphQL writes it, linked to where it is described. */
function typeText(type: TypeNode): string {
  const text = print(type);
  return link(text.replace(/[[\]!]/g, ""), `\`${text}\``);
}

/** What `@cost` and `@requiresScopes` say, in a sentence each. */
function conditions(directives: readonly ConstDirectiveNode[] = []): string[] {
  const has = (name: string) => directives.some((directive) => directive.name.value === name);
  return directives.flatMap((directive) => {
    const [argument] = directive.arguments ?? [];
    if (argument === undefined) {
      return [];
    }
    const value = print(argument.value);
    switch (directive.name.value) {
      case "cost": {
        const each = has("oncePerOperation")
          ? " for the whole operation"
          : has("oncePerObject")
            ? " for each object"
            : "";
        return value === "0" ? [] : [`Price: at most ${value} platform ${value === "1" ? "call" : "calls"}${each}.`];
      }
      case "requiresScopes":
        // A list of alternatives, each a list of scopes that are needed together.
        return [
          `Scope: ${value.replaceAll("], [", " or ").replaceAll(", ", " and ").replace(/[[\]]/g, "").replaceAll('"', "`")}.`,
        ];
      case "deprecated":
        return [`**Deprecated.** ${value.replaceAll('"', "")}`];
      default:
        return [];
    }
  });
}

function argumentLine(argument: InputValueDefinitionNode): string {
  const initial = argument.defaultValue === undefined ? "" : `, by default \`${print(argument.defaultValue)}\``;
  return `- \`${argument.name.value}\`: ${typeText(argument.type)}${initial}. ${prose(argument).replaceAll("\n", " ")}`;
}

function fieldText(parent: string, field: FieldDefinitionNode): string {
  const heading = `### ${ROOTS.has(parent) ? "" : `${parent}.`}${field.name.value}`;
  const texts = [`${heading}\n\n${typeText(field.type)}`, prose(field), conditions(field.directives).join(" ")];
  return [...texts, (field.arguments ?? []).map(argumentLine).join("\n")].filter((text) => text !== "").join("\n\n");
}

/** What a type is called where its kind is not plain from what follows. */
const KINDS: Partial<Record<Kind, string>> = {
  [Kind.SCALAR_TYPE_DEFINITION]: "Scalar",
  [Kind.ENUM_TYPE_DEFINITION]: "Enum",
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: "Input",
  [Kind.INTERFACE_TYPE_DEFINITION]: "Interface",
  [Kind.UNION_TYPE_DEFINITION]: "Union",
};

function definitionText(definition: DefinitionNode): string {
  switch (definition.kind) {
    case Kind.OBJECT_TYPE_EXTENSION:
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION: {
      const name = definition.name.value;
      const fields = (definition.fields ?? []).map((field) => fieldText(name, field));
      return [...headed(name, definition, definition.directives), ...fields].join("\n\n");
    }
    case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
      const fields = (definition.fields ?? []).map(argumentLine).join("\n");
      return [...headed(definition.name.value, definition), fields].join("\n\n");
    }
    case Kind.ENUM_TYPE_DEFINITION: {
      const values = (definition.values ?? []).map(
        (value) => `- \`${value.name.value}\`: ${prose(value).replaceAll("\n", " ")}`,
      );
      return [...headed(definition.name.value, definition), values.join("\n")].join("\n\n");
    }
    case Kind.UNION_TYPE_DEFINITION: {
      const members = (definition.types ?? []).map((member) => `- ${typeText(member)}`);
      return [...headed(definition.name.value, definition), members.join("\n")].join("\n\n");
    }
    case Kind.SCALAR_TYPE_DEFINITION:
      return headed(definition.name.value, definition).join("\n\n");
    default:
      return "";
  }
}

/** A type's heading, kind, description and conditions. */
function headed(
  name: string,
  definition: Described & { readonly kind: Kind },
  directives: readonly ConstDirectiveNode[] = [],
): string[] {
  const kind = KINDS[definition.kind];
  // Fields that a file adds to a root are its queries, mutations or subscriptions.
  const isExtension = definition.kind === Kind.OBJECT_TYPE_EXTENSION;
  const heading = isExtension ? `Root fields: ${name}` : name;
  const texts = [
    `## ${heading}`,
    kind === undefined ? "" : `*${kind}*`,
    prose(definition),
    conditions(directives).join(" "),
  ];
  return texts.filter((text) => text !== "");
}

rmSync(PAGES, { recursive: true, force: true });
mkdirSync(PAGES, { recursive: true });
for (const { name, definitions } of files) {
  const title = name.charAt(0).toUpperCase() + name.slice(1).replaceAll("-", " ");
  const texts = definitions.map(definitionText).filter((text) => text !== "");
  writeFileSync(new URL(`${name}.md`, PAGES), `# ${title}\n\n${texts.join("\n\n")}\n`);
}
const types = [...pageOf.keys()].filter((name) => !ROOTS.has(name)).sort();
writeFileSync(
  new URL("index.md", PAGES),
  `# All types\n\nMade from the schema. The same as a file: \`npm run schema:print\`.\n\n${types.map((name) => `- ${link(name, name)}`).join("\n")}\n`,
);
