/** A text with placeholders, as `parseTemplate` reads it. */
export interface Template {
  /** The names of its placeholders, each once. */
  readonly names: readonly string[];
  /** The text with a row's values; or the placeholder for which the row has no value, or a blank one. */
  render(values: Readonly<Record<string, string>>): { readonly text: string } | { readonly missing: string };
}

const TOKEN = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/**
 * Reads a text in which `{name}` stands for a value, and `{{` and `}}` for braces. Blanks, dashes and underscores of a name and its
 * letter case do not count. Null if a brace is left alone or a name is blank.
 */
export function parseTemplate(text: string): Template | null {
  const parts: { readonly literal: string; readonly name: string | null }[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [token, inner] = match;
    const before = text.slice(end, match.index);
    end = match.index + token.length;
    if (token === "{{" || token === "}}") {
      parts.push({ literal: before + token.charAt(0), name: null });
      continue;
    }
    const name = nameOfValue(inner ?? "");
    if (name === "") {
      return null;
    }
    parts.push({ literal: before, name });
  }
  const rest = text.slice(end);
  return {
    names: [...new Set(parts.flatMap(({ name }) => name ?? []))],
    render: (values) => {
      let rendered = "";
      for (const { literal, name } of parts) {
        const value = name === null ? "" : valueAt(values, name).trim();
        if (name !== null && value === "") {
          return { missing: name };
        }
        rendered += literal + value;
      }
      return { text: rendered + rest };
    },
  };
}

/** Empty if there is none. An object has names of its own, such as `constructor`, which are nobody's values. */
function valueAt(values: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(values, name) ? (values[name] ?? "") : "";
}

/** A value's name as rows and placeholders are compared by it: also if one has `é` as a letter and one as two signs. */
export function nameOfValue(name: string): string {
  return name
    .normalize("NFC")
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, "");
}
