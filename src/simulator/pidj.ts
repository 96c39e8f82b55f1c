import { type Backend, createCache } from "./backend.ts";
import { type Answer, type Received, Refusal } from "./exchange.ts";
import type { Service } from "./http.ts";
import { mediaType } from "./journal.ts";
import { type PidjHandler, refusal, success } from "./pidj-checks.ts";
import { contactRoutes } from "./pidj-contacts.ts";
import { sendRoutes } from "./pidj-sends.ts";
import { userRoutes } from "./pidj-users.ts";
import type { PidjGroup } from "./world.ts";

export interface PidjOptions {
  readonly accountKey: string;
  readonly token: string;
  /** Whether there is a `GET /contacts`, which the document does not describe (docs/platforms.md P-6). */
  readonly contactsList: boolean;
}

/** Pidj's rules for every documented call. */
export function createPidj(backend: Backend, options: PidjOptions): Service {
  const { shapes } = backend;
  const routes: Record<string, PidjHandler> = {
    ...listRoutes(backend),
    ...(options.contactsList ? contactListRoute(backend) : {}),
    ...contactRoutes(backend),
    ...userRoutes(backend),
    ...sendRoutes(backend),
    "GET /authorization-check": () => success({ message: "Authorization successful." }),
    "POST /authorization-check": () => success({ message: "Authorization successful." }),
  };
  const expected = Buffer.from(`${options.accountKey}:${options.token}`).toString("base64");

  const answer = ({ route, id, headers, body }: Received): Answer => {
    const handler = route === null ? undefined : routes[route];
    if (handler === undefined) {
      throw refusal(404, "There is no such call.");
    }
    const [scheme = "", credentials] = (headers.authorization ?? "").split(" ", 2);
    if (scheme.toLowerCase() !== "basic" || credentials !== expected) {
      throw refusal(401, "Authorization failed.");
    }
    if (body !== "" && mediaType(headers) !== "application/x-www-form-urlencoded") {
      throw refusal(415, "Content-Type must be application/x-www-form-urlencoded.");
    }
    return handler({ id, form: Object.fromEntries(new URLSearchParams(body)) });
  };

  return {
    platform: "PIDJ",
    basePath: "/api/2020",
    templates: Object.keys(routes),
    answer: (received) => {
      try {
        return answer(received);
      } catch (error) {
        if (error instanceof Refusal) {
          return shapes.pidjFailures === "http-200" ? { ...error.answer, status: 200 } : error.answer;
        }
        throw error;
      }
    },
  };
}

function listRoutes({ world, shapes }: Backend): Record<string, PidjHandler> {
  return {
    "GET /groups": () =>
      success({ groups: [...world.pidjGroups.values()].filter((group) => group.is_active).map(presentGroup) }),
    "GET /series": () =>
      success({
        series: [...world.series.values()].map(({ id, name, group_ids }) => ({
          name,
          series_id: id,
          groups: group_ids,
        })),
      }),
    "GET /surveys": () =>
      success({ surveys: [...world.surveys.values()].map(({ id, name }) => ({ name, survey_id: id })) }),
  };

  /** What stands in place of an absent value is not documented (docs/platforms.md P-15). */
  function presentGroup({ id, name, phone_number, color }: PidjGroup): Record<string, string | null> {
    const row: Record<string, string | null> = { name, group_id: id };
    for (const [key, value] of Object.entries({ phone_number, color })) {
      if (value !== null || shapes.absent !== "missing") {
        row[key] = value ?? (shapes.absent === "blank" ? "" : null);
      }
    }
    return row;
  }
}

function contactListRoute({ world, shapes }: Backend): Record<string, PidjHandler> {
  const cache = createCache(shapes);
  return {
    "GET /contacts": () => ({
      status: 200,
      contentType: "application/json; charset=utf-8",
      body: cache("contacts", world.contacts.version, () => ({
        code: 200,
        status: "success",
        contacts: Array.from(world.contacts.values(), ({ id, first_name, last_name, display_name, phone_number }) => ({
          id,
          first_name,
          last_name,
          display_name,
          phone_number,
        })),
      })),
    }),
  };
}
