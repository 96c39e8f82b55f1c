import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { StoreError } from "../errors.ts";
import type { Received, Reception } from "../events/reception.ts";
import type { JsonObject } from "../json.ts";
import { FAILURES } from "../operations/failures.ts";
import { refuseEncodedBody, sendFailure } from "./http.ts";
import { readValues } from "./webhook-values.ts";

type WebhookPlatform = "pidj" | "textizen";

/** Far more than a text of 1,600 characters or the answers of a poll need in any encoding. */
const BODY_LIMIT_BYTES = 65_536;
const PATH = /^\/webhooks\/(?:pidj|textizen)\/([^/?#]+)(?:\?|$)/;

/** The path of a platform's webhook. */
export function webhookPath(platform: WebhookPlatform, secret: string): string {
  return `/webhooks/${platform}/${secret}`;
}

/** Returns a function that says whether a URL is that of a webhook with one of the secrets. */
export function createWebhookGuard(secrets: readonly string[]): (url: string) => boolean {
  const known = secrets.map(digest);
  return (url) => {
    const secret = PATH.exec(url)?.[1];
    if (secret === undefined) {
      return false;
    }
    const given = digest(secret);
    // All secrets are compared, each in constant time, so that the duration reveals nothing.
    return known.filter((each) => timingSafeEqual(each, given)).length > 0;
  };
}

/**
 * The webhooks: `GET` and `POST /webhooks/pidj/{secret}` for forwarded texts (docs/platforms.md, Text forwarding),
 * `POST /webhooks/textizen/{secret}` for completed polls (docs/platforms.md, Webhook). Neither platform signs its
 * requests, so the secret is the only protection; with a wrong one, the answer is that of an unknown path. 200 says
 * that the event is on disk or has no meaning here, 503 that the platform should try again.
 */
export function addWebhooks(http: FastifyInstance, isWebhook: (url: string) => boolean, reception: Reception): void {
  http.register(async (webhooks) => {
    webhooks.addHook("onRequest", async (request, reply) => {
      if (!isWebhook(request.url)) {
        reply.callNotFound();
        return reply;
      }
    });
    webhooks.addHook("onRequest", refuseEncodedBody);
    // The encodings are not documented, and the content type may be wrong (docs/platforms.md P-27, T-24).
    webhooks.removeAllContentTypeParsers();
    webhooks.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: BODY_LIMIT_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    const serve =
      (receive: (values: JsonObject) => Promise<Received>) => (request: FastifyRequest, reply: FastifyReply) =>
        answer(http, request, reply, receive);
    webhooks.route({
      method: ["GET", "POST"],
      url: webhookPath("pidj", ":secret"),
      // A HEAD request must not create an event.
      exposeHeadRoute: false,
      handler: serve(reception.text),
    });
    webhooks.post(webhookPath("textizen", ":secret"), serve(reception.report));
  });
}

async function answer(
  http: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  receive: (values: JsonObject) => Promise<Received>,
): Promise<FastifyReply> {
  const values = await readValues(request.url, request.headers["content-type"] ?? "", request.body);
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

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
