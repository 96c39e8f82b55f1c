import { charsetOf, toUtf8 } from "../charset.ts";
import { isJsonObject, type JsonObject, parseJson } from "../json.ts";

/** The values of a request's query and body; null if the body cannot be read. The body's values win. */
export async function readValues(url: string, contentType: string, body: unknown): Promise<JsonObject | null> {
  const query = nest(parseForm(Buffer.from(/\?(.*)/s.exec(url)?.[1] ?? "", "latin1"), "utf-8"));
  const decoded = Buffer.isBuffer(body) ? await readBody(body, contentType) : {};
  return decoded && { ...query, ...decoded };
}

async function readBody(body: Buffer, contentType: string): Promise<JsonObject | null> {
  if (/^multipart\/form-data\b/i.test(contentType)) {
    const response = new Response(new Uint8Array(body), { headers: { "content-type": contentType } });
    return response.formData().then(nest, () => null);
  }
  const utf8 = toUtf8(body, contentType);
  const text = utf8.toString();
  if (/[/+]json\b/i.test(contentType) || /^\s*\{/.test(text)) {
    const value = parseJson(text);
    return isJsonObject(value) ? value : null;
  }
  // A form is escaped in its own charset; UTF-16 cannot be escaped.
  const charset = charsetOf(body, contentType);
  return nest(/^utf-/.test(charset) ? parseForm(utf8, "utf-8") : parseForm(body, charset));
}

/** Reads a form like `URLSearchParams`, which supports UTF-8 only. */
function parseForm(form: Buffer, charset: string): [name: string, value: string][] {
  const decoder = new TextDecoder(charset);
  const decode = (text: string) => {
    const bytes = text
      .replaceAll("+", " ")
      .replace(/%([0-9a-f]{2})/gi, (_escaped, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return decoder.decode(Buffer.from(bytes, "latin1"));
  };
  const pairs = form.toString("latin1").split("&");
  return pairs.filter(Boolean).map((pair) => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [decode(pair), ""] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
  });
}

const BRACKETED = /^([^[\]]+)((?:\[[^[\]]*\])+)$/;
const MOST_LEVELS = 20;

/**
 * Turns names with brackets into objects and lists, as PHP and Rails write them: `poll[id]=6`,
 * `responses[0][response]=B`.
 */
function nest(pairs: Iterable<readonly [name: string, value: unknown]>): JsonObject {
  const root = createHolder();
  for (const [name, value] of pairs) {
    const [, first = name, brackets = ""] = BRACKETED.exec(name) ?? [];
    const path = [first, ...(brackets === "" ? [] : brackets.slice(1, -1).split("]["))];
    put(root, path.length > MOST_LEVELS ? [name] : path, value);
  }
  return root;
}

type Holder = Record<string, unknown>;

/** Without a prototype: a name may be `__proto__`. */
function createHolder(): Holder {
  return Object.create(null) as Holder;
}

function put(holder: Holder, [key = "", ...rest]: readonly string[], value: unknown): void {
  const [next] = rest;
  if (next === undefined) {
    holder[key === "" ? Object.keys(holder).length : key] = value;
    return;
  }
  const name = key === "" ? placeIn(holder, next) : key;
  const inner = holder[name];
  const member = isHolder(inner) ? inner : createHolder();
  holder[name] = member;
  put(member, rest, value);
}

/** For `[]` before another key: the list's last member, or a new one if that already has the key. */
function placeIn(list: Holder, next: string): string {
  const count = Object.keys(list).length;
  const last = list[count - 1];
  return String(isHolder(last) && !Object.hasOwn(last, next) ? count - 1 : count);
}

function isHolder(value: unknown): value is Holder {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
}
