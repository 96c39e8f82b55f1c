import { type ConstDirectiveNode, parse, print } from "graphql";

/** `@cost` and `@listSize`, by whatever name a supergraph links them. */
const PRICES = /^(?:\w+__)?(cost|listSize)$/;

/** What a graph says of prices, a line for each: `Query.participant @cost(weight: 1)`. */
export function pricesIn(sdl: string): ReadonlySet<string> {
  const lines = new Set<string>();
  const collect = (place: string, directives: readonly ConstDirectiveNode[] = []) => {
    for (const directive of directives) {
      const [, name] = PRICES.exec(directive.name.value) ?? [];
      if (name !== undefined) {
        // Composition may put the arguments in another order.
        lines.add(`${place} @${name}(${directive.arguments?.map(print).sort().join(", ")})`);
      }
    }
  };
  for (const definition of parse(sdl, { noLocation: true }).definitions) {
    if (!("name" in definition) || definition.name === undefined || !("fields" in definition)) {
      continue;
    }
    const type = definition.name.value;
    collect(type, definition.directives);
    for (const field of definition.fields ?? []) {
      collect(`${type}.${field.name.value}`, field.directives);
      for (const argument of ("arguments" in field && field.arguments) || []) {
        collect(`${type}.${field.name.value}(${argument.name.value}:)`, argument.directives);
      }
    }
  }
  return lines;
}
