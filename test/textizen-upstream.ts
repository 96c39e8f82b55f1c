import type { ServerResponse } from "node:http";
import { makeId } from "../src/ids.ts";
import type { ReadScope } from "../src/rest/calls.ts";
import { createTextizenClient, type TextizenClient } from "../src/textizen/client.ts";
import type { PollRecord } from "../src/textizen/records.ts";
import type { TextizenOptions } from "../src/textizen/wire.ts";
import { createScope, type Received, sendJson, startUpstream, type TestScope, type Upstream } from "./upstream.ts";

type Served = Upstream & {
  readonly client: TextizenClient;
  /** A client of another process; the caller closes it. */
  readonly connect: (options: Partial<TextizenOptions>) => TextizenClient;
};

/** An upstream whose answers the test gives, and a client of it. */
export async function serve(
  answer: (request: Received, response: ServerResponse) => void | Promise<void>,
  options: Partial<TextizenOptions> = {},
): Promise<Served> {
  const upstream = await startUpstream(answer);
  const connect = (more: Partial<TextizenOptions>) =>
    createTextizenClient({
      baseUrl: upstream.url,
      credentials: { authToken: "your_token" },
      tokenIn: "body",
      sleep: async () => undefined,
      ...more,
    });
  const client = connect(options);
  const stop = upstream[Symbol.asyncDispose];
  return Object.assign(upstream, {
    client,
    connect,
    async [Symbol.asyncDispose]() {
      await client.close();
      await stop();
    },
  });
}

export type Read<Result> = (client: TextizenClient, scope: ReadScope) => Promise<Result>;

/** What a read makes of an answer. */
export async function decode<Result>(
  body: unknown,
  read: Read<Result>,
  scope: TestScope = createScope(),
): Promise<Result> {
  await using upstream = await startUpstream((_request, response) => sendJson(response, body));
  const client = createTextizenClient({
    baseUrl: upstream.url,
    credentials: { authToken: "t" },
    tokenIn: "body",
  });
  try {
    return await read(client, scope);
  } finally {
    await client.close();
  }
}

/** What is made of a detail of poll 3. */
export async function poll(body: object): Promise<PollRecord> {
  const record = await decode({ id: 3, ...body }, (client, scope) => client.poll(makeId("Poll", "3"), scope));
  if (record === null) {
    throw new Error("no poll");
  }
  return record;
}
