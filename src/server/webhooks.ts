import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { StoreError } from "../errors.ts";
import type { Received, Reception } from "../events/reception.ts";
import { FAILURES } from "../operations/failures.ts";
import { sendFailure } from "./http.ts";

type Door = "pidj" | "textizen";
type Values = Record<string, unknown>;

/** Far more than a text of 1,600 characters, or a poll's answers, in any encoding. */
const BODY_LIMIT_BYTES = 65_536;
const PATH = /^\/webhooks\/(?:pidj|textizen)\/([^/?#]+)(?:\?|$)/;

/** The path to hand out for a platform. */
export function webhookPath(door: Door, secret: string): string {
  return `/webhooks/${door}/${secret}`;
}

/** Gives the function that tells URLs of webhooks with one of the secrets from all others. */
export function createWebhookGuard(secrets: readonly string[]): (url: string) => boolean {
  const known = secrets.map(digest);
  return (url) => {
    const secret = PATH.exec(url)?.[1];
    if (secret === undefined) {
      return false;
    }
    const given = digest(secret);
    // All of them are compared, each in constant time: how long it takes says nothing about any.
    return known.filter((each) => timingSafeEqual(each, given)).length > 0;
  };
}

/**
 * The doors for what the platforms push: `GET|POST /webhooks/pidj/{secret}` for forwarded texts (pidj-api.txt:485),
 * `POST /webhooks/textizen/{secret}` for completed polls (textizen-api.txt:103). Neither platform signs what it sends, so
 * the secret is all there is; without it a door looks like any path that is not there. 200 says that the event is on disk
 * or means nothing here; 503 that the platform should try again.
 */
export function addWebhooks(http: FastifyInstance, isWebhook: (url: string) => boolean, reception: Reception): void {
  http.register(async (doors) => {
    doors.addHook("onRequest", async (request, reply) => {
      if (!isWebhook(request.url)) {
        reply.callNotFound();
        return reply;
      }
    });
    // How either platform encodes what it sends is unsaid, and a header may say something else (ambiguities P-27, T-24).
    doors.removeAllContentTypeParsers();
    doors.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: BODY_LIMIT_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    const serve = (receive: (values: Values) => Promise<Received>) => (request: FastifyRequest, reply: FastifyReply) =>
      answer(http, request, reply, receive);
    doors.route({
      method: ["GET", "POST"],
      url: webhookPath("pidj", ":secret"),
      // A HEAD is a look, and must not make an event.
      exposeHeadRoute: false,
      handler: serve(reception.text),
    });
    doors.post(webhookPath("textizen", ":secret"), serve(reception.report));
  });
}

async function answer(
  http: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  receive: (values: Values) => Promise<Received>,
): Promise<FastifyReply> {
  const values = await readValues(request);
  if (values === null) {
    return sendFailure(reply, FAILURES.unreadableBody);
  }
  try {
    return (await receive(values)) === "malformed" ? sendFailure(reply, FAILURES.noEvent) : reply.code(200).send();
  } catch (error) {
    if (error instanceof StoreError) {
      http.log.error({ err: error }, "an event could not be kept");
      return sendFailure(reply.header("retry-after", "5"), FAILURES.eventNotStored);
    }
    throw error;
  }
}

/** What query and body say together, the body's word before the query's; null where the body cannot be read. */
async function readValues({ url, headers, body }: FastifyRequest): Promise<Values | null> {
  const query = Object.fromEntries(new URLSearchParams(/\?(.*)/s.exec(url)?.[1] ?? ""));
  const decoded = Buffer.isBuffer(body) ? await decode(body, headers["content-type"] ?? "") : {};
  return decoded && { ...query, ...decoded };
}

async function decode(body: Buffer, contentType: string): Promise<Values | null> {
  try {
    if (/^multipart\/form-data\b/i.test(contentType)) {
      const form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData();
      return Object.fromEntries(form);
    }
    const text = body.toString("utf8");
    if (/[/+]json\b/i.test(contentType) || /^\s*\{/.test(text)) {
      const value: unknown = JSON.parse(text);
      return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
    }
    return Object.fromEntries(new URLSearchParams(text));
  } catch {
    return null;
  }
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
