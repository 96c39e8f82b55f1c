import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { Access } from "../access/access.ts";
import type { Scope } from "../access/scopes.ts";
import type { Services } from "../context.ts";
import { parseId } from "../ids.ts";
import { resultsOf } from "../jobs/results.ts";
import { receiveRows, UploadError } from "../jobs/upload.ts";
import { FAILURES } from "../operations/failures.ts";
import { createCallerHook, requireCaller } from "./callers.ts";
import { refuseEncodedBody, sendFailure } from "./http.ts";

/** With any of these, a caller may make a job of rows. */
const MAKERS: readonly Scope[] = ["messages:send", "participants:write", "contacts:write"];

/**
 * The files of jobs: `POST /jobs` takes rows as CSV and answers with their upload's id, and `GET /jobs/{id}/results.csv`
 * gives a job's rows with their outcomes. Credentials and origins as for the graph; a page of another origin cannot send
 * `text/csv` unasked (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
 */
export function addJobs(http: FastifyInstance, access: Access, services: Services): void {
  http.register(async (routes) => {
    routes.decorateRequest("caller", null);
    routes.addHook("onRequest", createCallerHook(access, { hasPage: false }));
    routes.addHook("onRequest", refuseEncodedBody);
    routes.removeAllContentTypeParsers();
    // Read as it arrives: a large file is never in memory as a whole.
    routes.addContentTypeParser("text/csv", (_request, body, done) => done(null, body));

    routes.post("/jobs", async (request, reply) => {
      const { scopes } = requireCaller(request);
      if (!scopes.has("messages:read") || !MAKERS.some((scope) => scopes.has(scope))) {
        return sendFailure(reply, FAILURES.noJobs);
      }
      if (!(request.body instanceof Readable)) {
        return sendFailure(reply, FAILURES.noRows);
      }
      try {
        return await receiveRows(services, request.body, request.headers["content-type"] ?? "");
      } catch (error) {
        if (error instanceof UploadError) {
          // What is left of the body is not read.
          return sendFailure(reply.header("connection", "close"), { ...FAILURES.noRows, message: error.message });
        }
        throw error;
      }
    });

    routes.get<{ Params: { id: string } }>("/jobs/:id/results.csv", async (request, reply) => {
      if (!requireCaller(request).scopes.has("messages:read")) {
        return sendFailure(reply, FAILURES.noJobs);
      }
      const id = parseId("Job", request.params.id);
      const job = id === null ? null : await services.jobs.find(id);
      if (job === null) {
        return sendFailure(reply, FAILURES.notFound);
      }
      return reply
        .type("text/csv; charset=utf-8; header=present")
        .header("content-disposition", 'attachment; filename="results.csv"')
        .header("cache-control", "no-store")
        .send(Readable.from(resultsOf(services.jobs, job)));
    });
  });
}
