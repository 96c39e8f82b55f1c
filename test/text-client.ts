import { Agent, request } from "undici";

/** A client that looks at the bytes of answers, and is quick about it. */
export class TextClient implements AsyncDisposable {
  readonly #agent = new Agent({ connections: 64 });

  /** The answer's body as it came. */
  async post(
    url: string,
    query: string,
    variables: object = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { body } = await request(url, {
      dispatcher: this.#agent,
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return body.text();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#agent.close();
  }
}
