import { type Backend, createCache } from "./backend.ts";
import { type Answer, json, type Received, Refusal } from "./exchange.ts";
import type { Service } from "./http.ts";
import { mediaType } from "./journal.ts";
import { notFound, type Params, requireRow, type TextizenHandler } from "./textizen-checks.ts";
import { peopleWriteRoutes } from "./textizen-people.ts";
import {
  campaignRow,
  groupDetail,
  groupRow,
  mailingDetail,
  mailingRow,
  participantDetail,
  participantRow,
  pollDetail,
  pollRow,
  responseDetail,
} from "./textizen-records.ts";
import { shapeList, shapeRecord, shapeSession } from "./textizen-shapes.ts";
import { pollWriteRoutes } from "./textizen-writes.ts";

export interface TextizenOptions {
  readonly email: string;
  readonly password: string;
}

export interface Textizen extends Service {
  /** Ends all sessions: the next call with any token given so far is answered with 401. */
  expireSessions(): void;
}

const SIGN_IN = "POST /api/users/sign_in";

/** Textizen's rules for every documented call. */
export function createTextizen(backend: Backend, options: TextizenOptions): Textizen {
  const { shapes } = backend;
  const sessions = new Set<string>();
  let signIns = 0;
  const routes: Record<string, TextizenHandler> = {
    [SIGN_IN]: ({ params }) => {
      if (params["email"] !== options.email || params["password"] !== options.password) {
        throw unauthorized("Invalid email or password.");
      }
      if (shapes.sessions === "exclusive") {
        sessions.clear();
      }
      signIns += 1;
      const token = `simulated-session-${signIns}`;
      sessions.add(token);
      return json(200, shapeSession(shapes, token));
    },
    ...readRoutes(backend, options),
    ...peopleWriteRoutes(backend),
    ...pollWriteRoutes(backend),
  };

  const answer = (received: Received): Answer => {
    const { route, id } = received;
    const handler = route === null ? undefined : routes[route];
    if (handler === undefined) {
      throw notFound();
    }
    const params = readParams(received);
    if (route !== SIGN_IN && !sessions.has(String(params["auth_token"]))) {
      throw unauthorized("Invalid authentication token.");
    }
    return handler({ id, params });
  };

  return {
    platform: "TEXTIZEN",
    basePath: "",
    templates: Object.keys(routes),
    expireSessions: () => sessions.clear(),
    answer: (received) => {
      try {
        return answer(received);
      } catch (error) {
        if (error instanceof Refusal) {
          return error.answer;
        }
        throw error;
      }
    },
  };
}

function unauthorized(error: string): Refusal {
  return new Refusal(json(401, { error }));
}

/** The query and the body, merged. A body that is not JSON is ignored, as Rails does. */
function readParams({ method, headers, query, body }: Received): Params {
  if (method === "GET" && headers["transfer-encoding"] !== undefined) {
    // Proxies in front of such services read no body of a GET that does not announce its length
    // (docs/platforms.md T-2).
    throw new Refusal(json(411, { error: "Length Required" }));
  }
  const params: Params = Object.fromEntries(query);
  if (body === "" || mediaType(headers) !== "application/json") {
    return params;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new Refusal(json(400, { error: "The request is not JSON." }));
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new Refusal(json(400, { error: "The request is not a JSON object." }));
  }
  return { ...params, ...parsed };
}

function readRoutes({ world, shapes }: Backend, { email }: TextizenOptions): Record<string, TextizenHandler> {
  const cache = createCache(shapes);
  const kept = (key: string, stamp: string | number, make: () => unknown): Answer => ({
    status: 200,
    contentType: "application/json; charset=utf-8",
    body: cache(key, stamp, make),
  });
  const { participants, textizenGroups, campaigns, polls, mailings, responses } = world;
  return {
    "GET /api/groups": () => json(200, shapeList(shapes, "group", [...textizenGroups.values()].map(groupRow))),
    "GET /api/groups/{id}": ({ id }) => {
      const group = requireRow(textizenGroups, id);
      return kept(`group ${group.id}`, `${textizenGroups.version} ${participants.version}`, () =>
        shapeRecord(shapes, "group", groupDetail(world, group)),
      );
    },
    "GET /api/campaigns": () => json(200, shapeList(shapes, "campaign", [...campaigns.values()].map(campaignRow))),
    "GET /api/campaigns/{id}": ({ id }) => json(200, shapeRecord(shapes, "campaign", requireRow(campaigns, id))),
    "GET /api/participants": () =>
      kept("participants", participants.version, () =>
        shapeList(shapes, "participant", Array.from(participants.values(), participantRow)),
      ),
    "GET /api/participants/{id}": ({ id }) =>
      json(200, shapeRecord(shapes, "participant", participantDetail(world, requireRow(participants, id)))),
    "GET /api/polls": () =>
      kept("polls", polls.version, () => shapeList(shapes, "poll", Array.from(polls.values(), pollRow))),
    "GET /api/polls/{id}": ({ id }) => {
      const poll = requireRow(polls, id);
      return kept(`poll ${poll.id}`, `${polls.version} ${responses.version} ${participants.version}`, () =>
        shapeRecord(shapes, "poll", pollDetail(world, poll)),
      );
    },
    "GET /api/polls/{id}/mailings": ({ id }) => {
      const poll = requireRow(polls, id);
      const rows = [...mailings.values()].filter((mailing) => mailing.poll_id === poll.id);
      return json(200, shapeList(shapes, "mailing", rows.map(mailingRow)));
    },
    "GET /api/mailings/{id}": ({ id }) =>
      json(200, shapeRecord(shapes, "mailing", mailingDetail(requireRow(mailings, id)))),
    "GET /api/responses/{id}": ({ id }) =>
      json(200, shapeRecord(shapes, "response", responseDetail(world, requireRow(responses, id)))),
    "GET /api/user": () =>
      json(200, shapeRecord(shapes, "user", { id: 7, email, name: "Simulated Operator", organization_id: 1 })),
  };
}
