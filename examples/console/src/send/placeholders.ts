/** A part of a text: as it is, a placeholder, or a brace that stands for nothing. */
export interface Part {
  readonly kind: "text" | "placeholder" | "brokenBrace";
  readonly written: string;
  /** Of a placeholder, as columns are compared by it. */
  readonly name: string;
}

// As the graph reads it (docs/jobs.md): `{{` and `}}` are braces, and blanks, dashes and letter case of a name do not count.
const TOKEN = /(\{\{|\}\}|\{[^{}]*\}|[{}])/;

export function partsOf(text: string): readonly Part[] {
  return text
    .split(TOKEN)
    .filter((written) => written !== "")
    .map((written) => {
      const inner = /^\{([^{}]*)\}$/.exec(written)?.[1];
      const name = inner === undefined ? "" : nameOf(inner);
      const isAlone = written === "{" || written === "}" || (inner !== undefined && name === "");
      return { kind: isAlone ? "brokenBrace" : inner === undefined ? "text" : "placeholder", written, name };
    });
}

function nameOf(written: string): string {
  return written
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, "");
}
