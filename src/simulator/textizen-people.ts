import type { Backend } from "./backend.ts";
import { type Answer, json } from "./exchange.ts";
import {
  invalid,
  type Params,
  readText,
  requireInteger,
  requirePhoneNumber,
  requireRow,
  requireText,
  type TextizenHandler,
  unwrap,
} from "./textizen-checks.ts";
import { groupDetail, participantDetail } from "./textizen-records.ts";
import { shapeRecord, shapeTokens } from "./textizen-shapes.ts";
import { answerUpdate } from "./textizen-writes.ts";
import type { Participant, World } from "./world.ts";

/** Writes about participants, their groups and their tokens. */
export function peopleWriteRoutes(backend: Backend): Record<string, TextizenHandler> {
  const { world, shapes } = backend;
  return {
    "POST /api/groups": ({ params }) => {
      const name = requireText(unwrap(params, "group"), "name");
      const created_at = backend.now().toISOString();
      const group = world.textizenGroups.put({ id: world.makeTextizenId(), name, created_at });
      return json(201, shapeRecord(shapes, "group", groupDetail(world, group)));
    },
    "PUT /api/groups/{id}": ({ id, params }) => {
      const inside = unwrap(params, "group");
      const group = requireRow(world.textizenGroups, id);
      const changed = world.textizenGroups.put(
        "name" in inside ? { ...group, name: requireText(inside, "name") } : group,
      );
      return answerUpdate(shapes, "group", () => groupDetail(world, changed));
    },
    "POST /api/participants": ({ params }) => createParticipant(backend, params),
    "PUT /api/participants/{id}": ({ id, params }) => {
      const participant = updateParticipant(backend, requireRow(world.participants, id), params);
      return answerUpdate(shapes, "participant", () => participantDetail(world, participant));
    },
    "POST /api/participants/{id}/subscriptions": ({ id, params }) => {
      const participant = requireRow(world.participants, id);
      const group = requireRow(world.textizenGroups, requireInteger(unwrap(params, "subscription"), "group_id"));
      const group_ids = [...new Set([...participant.group_ids, group.id])];
      world.participants.put({ ...participant, group_ids });
      const subscription = { participant_id: participant.id, group_id: group.id };
      return json(201, shapeRecord(shapes, "subscription", subscription));
    },
    "PUT /api/participants/{id}/subscriptions/unsubscribe": ({ id, params }) => {
      const participant = unsubscribe(backend, requireRow(world.participants, id), params);
      return answerUpdate(shapes, "participant", () => participantDetail(world, participant));
    },
    ...tokenRoutes(backend),
  };
}

function tokenRoutes({ world, shapes }: Backend): Record<string, TextizenHandler> {
  const open = (id: string, params: Params): { participant: Participant; campaign: number } => ({
    participant: requireRow(world.participants, id),
    campaign: requireRow(world.campaigns, requireInteger(params, "campaign_id")).id,
  });
  const keep = (participant: Participant, campaign: number, tokens: Readonly<Record<string, string>>): Answer => {
    world.participants.put({ ...participant, tokens: { ...participant.tokens, [campaign]: tokens } });
    return shapes.updateAnswer === "empty" ? { status: 204, body: "" } : json(200, shapeTokens(shapes, tokens));
  };
  return {
    "GET /api/participants/{id}/tokens": ({ id, params }) => {
      const { participant, campaign } = open(id, params);
      return json(200, shapeTokens(shapes, participant.tokens[campaign] ?? {}));
    },
    "PUT /api/participants/{id}/tokens": ({ id, params }) => {
      const { participant, campaign } = open(id, params);
      const given = Object.entries(unwrap(params, "tokens"));
      if (given.length === 0) {
        throw invalid("tokens", "can't be blank");
      }
      // Added to the existing tokens; whether a PUT replaces them is not documented (docs/platforms.md T-18).
      const written = Object.fromEntries(given.map(([key, value]) => [key, String(value ?? "")]));
      return keep(participant, campaign, { ...participant.tokens[campaign], ...written });
    },
    "DELETE /api/participants/{id}/tokens": ({ id, params }) => {
      const { participant, campaign } = open(id, params);
      const removed = requireText(params, "tokens")
        .split(",")
        .map((key) => key.trim());
      const kept = Object.entries(participant.tokens[campaign] ?? {}).filter(([key]) => !removed.includes(key));
      return keep(participant, campaign, Object.fromEntries(kept));
    },
  };
}

function findByNumber(world: World, number: string): Participant | null {
  for (const participant of world.participants.values()) {
    if (participant.phone_number === number) {
      return participant;
    }
  }
  return null;
}

function createParticipant({ world, shapes, now }: Backend, params: Params): Answer {
  const inside = unwrap(params, "participant");
  const phone_number = requirePhoneNumber(inside, "phone_number");
  const name = requireText(inside, "name");
  // Outside the wrapper (docs/platforms.md T-6).
  const campaign_id = params["campaign_id"] == null ? null : requireRow(world.campaigns, params["campaign_id"]).id;
  const existing = findByNumber(world, phone_number);
  if (existing !== null && shapes.existingParticipant === "refused") {
    throw invalid("phone_number", "has already been taken");
  }
  const participant =
    existing ??
    world.participants.put({
      id: world.makeTextizenId(),
      name,
      phone_number,
      is_masked: false,
      subscribed: true,
      created_at: now().toISOString(),
      campaign_id,
      group_ids: [],
      tokens: {},
    });
  const record = shapeRecord(shapes, "participant", participantDetail(world, participant));
  return json(existing === null ? 201 : 200, record);
}

/** In another form, the update leaves the participant unchanged and succeeds (docs/platforms.md T-4). */
function updateParticipant({ world, shapes }: Backend, participant: Participant, params: Params): Participant {
  if (shapes.participantUpdate === "ignored") {
    return participant;
  }
  const given = shapes.participantUpdate === "top" ? params : unwrap(params, "participant");
  const changed: { -readonly [Name in keyof Participant]: Participant[Name] } = { ...participant };
  if ("name" in given) {
    changed.name = readText(given, "name");
  }
  if ("phone_number" in given) {
    changed.phone_number = requirePhoneNumber(given, "phone_number");
    const holder = findByNumber(world, changed.phone_number);
    if (holder !== null && holder.id !== participant.id) {
      throw invalid("phone_number", "has already been taken");
    }
  }
  return world.participants.put(changed);
}

/**
 * Removing a participant who is no member succeeds; the platform's answer is not documented (docs/platforms.md T-25).
 */
function unsubscribe({ world, shapes }: Backend, participant: Participant, params: Params): Participant {
  if (shapes.unsubscribe === "ignored") {
    return participant;
  }
  const given = shapes.unsubscribe === "wrapped" ? unwrap(params, "subscription") : params;
  const group = requireRow(world.textizenGroups, requireInteger(given, "group_id"));
  return world.participants.put({ ...participant, group_ids: participant.group_ids.filter((id) => id !== group.id) });
}
