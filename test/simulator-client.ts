import { request } from "undici";
import { type Simulator, type SimulatorOptions, startSimulator } from "../src/simulator/simulator.ts";

export interface Reply {
  readonly status: number;
  readonly type: string;
  /** Parsed where it is JSON. */
  readonly body: unknown;
}

/** Calls a simulator as its documents write it: `pidj("POST /send", { … })`, `textizen("GET /api/polls")`. */
export interface SimulatorClient {
  pidj(call: string, form?: Readonly<Record<string, string>>): Promise<Reply>;
  textizen(call: string, body?: object): Promise<Reply>;
  readonly authToken: string;
}

export async function connect({ pidj, textizen }: Simulator): Promise<SimulatorClient> {
  const basic = `Basic ${Buffer.from(`${pidj.accountKey}:${pidj.token}`).toString("base64")}`;
  const { email, password } = textizen;
  const session = await exchange(textizen.url, "POST /api/users/sign_in", {}, { email, password });
  const authToken = findToken(session.body);
  return {
    authToken,
    pidj: (call, form) =>
      exchange(pidj.url, call, { authorization: basic }, form === undefined ? undefined : new URLSearchParams(form)),
    textizen: (call, body = {}) => exchange(textizen.url, call, {}, { ...body, auth_token: authToken }),
  };
}

/** A simulator and its client, disposed together. */
export async function startConnected(
  options: SimulatorOptions,
): Promise<AsyncDisposable & SimulatorClient & { readonly simulator: Simulator }> {
  const simulator = await startSimulator(options);
  return { simulator, ...(await connect(simulator)), [Symbol.asyncDispose]: simulator.close };
}

/** One exchange; a body of URLSearchParams goes as a form, an object as JSON. */
export async function exchange(
  base: string,
  call: string,
  headers: Readonly<Record<string, string>> = {},
  body?: object,
): Promise<Reply> {
  const [method = "GET", path = "/"] = call.split(" ", 2);
  const isForm = body instanceof URLSearchParams;
  const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
  const answer = await request(`${base}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": type }), ...headers },
    body: body === undefined ? null : isForm ? body.toString() : JSON.stringify(body),
  });
  const text = await answer.body.text();
  const given = String(answer.headers["content-type"] ?? "");
  const isJson = given.startsWith("application/json") && text !== "";
  return { status: answer.statusCode, type: given, body: isJson ? JSON.parse(text) : text };
}

function findToken(body: unknown): string {
  const values = Object.values(body as Record<string, unknown>);
  return typeof values[0] === "string" ? values[0] : findToken(values[0]);
}

/** The first row of a collection that fits. */
export function one<Row>(rows: ReadonlyMap<unknown, Row>, fits: (row: Row) => boolean = () => true): Row {
  const found = [...rows.values()].find(fits);
  if (found === undefined) {
    throw new Error("No row fits.");
  }
  return found;
}
