import { type Backend, recordSend } from "./backend.ts";
import { type Answer, json } from "./exchange.ts";
import type { Shapes } from "./shapes.ts";
import {
  invalid,
  type Params,
  readBoolean,
  readText,
  requireInteger,
  requireRow,
  requireText,
  requireTime,
  type TextizenHandler,
  unwrap,
} from "./textizen-checks.ts";
import { mailingDetail, pollDetail } from "./textizen-records.ts";
import { type Noun, shapeRecord } from "./textizen-shapes.ts";
import type { Mailing, World } from "./world.ts";

/** The answer to a PUT or DELETE: 204, or 200 with the record as it is now (docs/platforms.md T-12). */
export function answerUpdate(shapes: Shapes, noun: Noun, present: () => object): Answer {
  return shapes.updateAnswer === "empty" ? { status: 204, body: "" } : json(200, shapeRecord(shapes, noun, present()));
}

/** Writes about campaigns, polls and mailings. */
export function pollWriteRoutes(backend: Backend): Record<string, TextizenHandler> {
  const { world, shapes } = backend;
  return {
    "POST /api/campaigns": ({ params }) => {
      const inside = unwrap(params, "campaign");
      const campaign = world.campaigns.put({
        id: world.makeTextizenId(),
        title: requireText(inside, "title"),
        description: requireText(inside, "description"),
        info_message: readText(inside, "info_message"),
        webhook_url: readText(inside, "webhook_url"),
        exchange: readText(inside, "exchange"),
        // Outside the wrapper (docs/platforms.md T-6).
        organization_id: requireInteger(params, "organization_id"),
        created_at: backend.now().toISOString(),
      });
      return json(201, shapeRecord(shapes, "campaign", campaign));
    },
    "POST /api/polls": ({ params }) => createPoll(backend, unwrap(params, "poll")),
    "POST /api/polls/{id}/mailings": ({ id, params }) => {
      const poll = requireRow(world.polls, id);
      return createMailing(backend, poll.id, unwrap(params, "mailing"));
    },
    "PUT /api/mailings/{id}": ({ id, params }) => {
      const mailing = requireRow(world.mailings, id);
      const changes = readMailing(world, unwrap(params, "mailing"));
      const changed = world.mailings.put({ ...mailing, ...changes });
      return answerUpdate(shapes, "mailing", () => mailingDetail(changed));
    },
  };
}

/** Everything that is not marked optional is required (docs/platforms.md T-27). */
function createPoll({ world, shapes, now }: Backend, inside: Params): Answer {
  const active = readBoolean(inside, "active");
  if (active === null) {
    throw invalid("active", "can't be blank");
  }
  const poll = world.polls.put({
    id: world.makeTextizenId(),
    title: requireText(inside, "title"),
    language: requireText(inside, "language"),
    active,
    public: readBoolean(inside, "public") ?? false,
    campaign_id: null,
    phone: null,
    confirmation: readText(inside, "confirmation"),
    error_message: requireText(inside, "error_message"),
    type: readText(inside, "type"),
    created_at: now().toISOString(),
    start_date: null,
    end_date: null,
    questions: [],
  });
  return json(201, shapeRecord(shapes, "poll", pollDetail(world, poll)));
}

function createMailing(backend: Backend, poll_id: number, inside: Params): Answer {
  const { world, shapes } = backend;
  const mailing: Mailing = {
    id: world.makeTextizenId(),
    poll_id,
    send_at: requireTime(inside, "send_at"),
    group_ids: [],
    phone_numbers_list: null,
    created_at: backend.now().toISOString(),
    ...readMailing(world, inside),
  };
  world.mailings.put(mailing);
  // A mailing without receivers is saved and texts nobody (docs/platforms.md T-19).
  if (mailing.group_ids.length > 0 || mailing.phone_numbers_list !== null) {
    const { send_at, group_ids, phone_numbers_list } = mailing;
    recordSend(backend, "POST /api/polls/{id}/mailings", { poll_id, send_at, group_ids, phone_numbers_list });
  }
  return json(201, shapeRecord(shapes, "mailing", mailingDetail(mailing)));
}

type MailingChanges = { -readonly [Name in keyof Mailing]?: Mailing[Name] };

/** The changes that the parameters ask for; an absent parameter changes nothing (docs/platforms.md T-7). */
function readMailing(world: World, inside: Params): MailingChanges {
  const changes: MailingChanges = {};
  if ("send_at" in inside) {
    changes.send_at = requireTime(inside, "send_at");
  }
  if ("group_ids" in inside) {
    const given = inside["group_ids"] ?? [];
    if (!Array.isArray(given)) {
      throw invalid("group_ids", "is invalid");
    }
    changes.group_ids = given.map((id: unknown) => requireRow(world.textizenGroups, id).id);
  }
  if ("phone_numbers_list" in inside) {
    const list = readText(inside, "phone_numbers_list") ?? "";
    if (list !== "" && !list.split(",").every((number) => /^[1-9][0-9]{9,14}$/.test(number.trim()))) {
      throw invalid("phone_numbers_list", "is invalid");
    }
    changes.phone_numbers_list = list === "" ? null : list;
  }
  return changes;
}
