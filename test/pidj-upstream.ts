import { expect } from "vitest";
import { makeId } from "../src/ids.ts";
import type { E164 } from "../src/phone.ts";
import { createPidjClient, type PidjClient } from "../src/pidj/client.ts";
import type { ReadScope, WriteScope } from "../src/rest/calls.ts";
import { createScope, createWriteScope, sendJson, startUpstream, type Upstream } from "./upstream.ts";

export const SUCCESS = { code: 200, status: "success" };
export const CONTACT = makeId("Contact", "l93a8313-kuq7");
export const USER = makeId("PidjUser", "a33a8313-8uq7");
export const GROUP = makeId("PidjGroup", "04207209-7f61");
export const SERIES = makeId("Series", "z81de899");
export const SURVEY = makeId("Survey", "z81de899");
export const FROM = "+18885552222" as E164;
export const TO = "+18885553333" as E164;

/** An upstream that always gives this answer, and a client of it. */
export async function serve(
  answer: unknown,
  status = 200,
  type = "application/json",
): Promise<Upstream & { client: PidjClient }> {
  const upstream = await startUpstream((_request, response) =>
    sendJson(response, answer, status, { "content-type": type }),
  );
  const client = createPidjClient({
    baseUrl: `${upstream.url}/api/2020/`,
    accountKey: "acme",
    token: "s3cret+",
    sleep: async () => undefined,
  });
  const stop = upstream[Symbol.asyncDispose];
  return Object.assign(upstream, {
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await stop();
    },
  });
}

export type Make = (client: PidjClient, scope: ReadScope, writeScope: WriteScope) => Promise<unknown>;

/** A documented call: its words there, the path, the form as it must be on the wire, an answer, the method, its result. */
export type Documented = [
  document: string,
  path: string,
  form: string | null,
  answer: object,
  make: Make,
  result: unknown,
];

export async function expectDocumented(...[document, path, form, answer, make, result]: Documented): Promise<void> {
  await using upstream = await serve(answer);
  const [scope, writeScope] = [createScope(), createWriteScope()];
  // A field that the document does not have changes nothing here.
  expect({ result: await make(upstream.client, scope, writeScope) }).toMatchObject({ result });
  const [request] = upstream.requests;
  expect(`${request?.method} ${request?.path}`).toBe(`${document.split(" ")[0]} /api/2020${path}`);
  expect(request?.body).toBe(form ?? "");
  expect(request?.headers["content-type"]).toBe(form === null ? undefined : "application/x-www-form-urlencoded");
  expect(request?.headers.accept).toBe("application/json");
  // RFC 7617 §2: the account key is the user, the token its password.
  expect(request?.headers.authorization).toBe(`Basic ${btoa("acme:s3cret+")}`);
  expect([...scope.calls, ...writeScope.calls].map((call) => call.route)).toEqual([document]);
  expect(upstream.requests).toHaveLength(1);
}
