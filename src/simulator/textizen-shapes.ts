import type { Shapes } from "./shapes.ts";

/** The names under which Textizen's requests wrap records. Answers may be wrapped too (docs/platforms.md T-9). */
export type Noun = "group" | "campaign" | "participant" | "poll" | "mailing" | "response" | "user" | "subscription";

/** Gives a record of the default shape the shape that is set. */
export function shapeRecord(shapes: Shapes, noun: Noun, record: object): unknown {
  const bent = bend(shapes, record);
  switch (shapes.record) {
    case "bare":
      return bent;
    case "wrapped":
      return { [noun]: bent };
    default:
      return { status: "ok", [noun]: bent };
  }
}

/** Gives a list of records of the default shape the shape that is set. */
export function shapeList(shapes: Shapes, noun: Noun, rows: readonly object[]): unknown {
  const bent = rows.map((row) => bend(shapes, row));
  switch (shapes.list) {
    case "bare":
      return bent;
    case "keyed":
      return { [`${noun}s`]: bent };
    default:
      return { [`${noun}s`]: bent.map((row) => ({ [noun]: row })) };
  }
}

/** A participant's tokens (docs/platforms.md T-18). */
export function shapeTokens(shapes: Shapes, tokens: Readonly<Record<string, string>>): unknown {
  switch (shapes.tokens) {
    case "wrapped-map":
      return { tokens };
    case "map":
      return tokens;
    default:
      return Object.entries(tokens).map(([key, value]) => ({ key, value }));
  }
}

/** The answer to a sign-in (docs/platforms.md T-1). */
export function shapeSession(shapes: Shapes, token: string): unknown {
  const session = { [shapes.signInKey]: token };
  return shapes.signInDepth === "top" ? session : { user: session };
}

function bend(shapes: Shapes, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => bend(shapes, item));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const bent: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    bendEntry(shapes, bent, key, item);
  }
  return bent;
}

function bendEntry(shapes: Shapes, bent: Record<string, unknown>, key: string, value: unknown): void {
  switch (key) {
    case "match":
      bendMatch(shapes, bent, value as { id: number } | null);
      return;
    case "question":
    case "questions":
      bent[key.replace("question", shapes.questionKey)] = bend(shapes, value);
      return;
    case "options":
      bent[key] = (value as { option: object }[]).map((member) =>
        bend(shapes, shapes.options === "wrapped" ? member : member.option),
      );
      return;
    case "responses":
      bent[key] = (value as { id: number }[]).map(({ id, ...rest }) =>
        bend(shapes, shapes.responseIds === "present" ? { id, ...rest } : rest),
      );
      return;
    case "group_ids":
      bent[key] = (value as number[]).map((id) => bendId(shapes, id));
      return;
  }
  if (value === null || value === "") {
    if (shapes.absent !== "missing") {
      bent[key] = shapes.absent === "blank" ? "" : value;
    }
  } else if (typeof value === "number" && (key === "id" || key.endsWith("_id"))) {
    bent[key] = bendId(shapes, value);
  } else {
    bent[key] = bend(shapes, value);
  }
}

function bendMatch(shapes: Shapes, bent: Record<string, unknown>, match: { id: number } | null): void {
  if (shapes.match === "match") {
    bent["match"] = match === null ? null : { id: bendId(shapes, match.id) };
  } else if (shapes.match === "matching_option_id") {
    bent["matching_option_id"] = match === null ? null : bendId(shapes, match.id);
  }
}

function bendId(shapes: Shapes, id: number): number | string {
  return shapes.ids === "text" ? String(id) : id;
}
