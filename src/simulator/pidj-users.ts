import type { Backend } from "./backend.ts";
import type { Answer } from "./exchange.ts";
import {
  checkNumber,
  checkTimezone,
  chooseOne,
  type Form,
  type PidjHandler,
  refusal,
  requireGroup,
  requireRow,
  requireText,
  splitList,
  success,
} from "./pidj-checks.ts";
import { ACCOUNT_TIMEZONE } from "./pidj-contacts.ts";
import type { PidjUser, World } from "./world.ts";

const ROLES = ["admin", "manager", "agent"];
const TEXT_PROPERTIES = [
  "email_address",
  "first_name",
  "last_name",
  "phone_number",
  "timezone",
  "external_id",
] as const;

export function userRoutes(backend: Backend): Record<string, PidjHandler> {
  const { world, shapes } = backend;
  const change = (id: string, changes: Changes, isDeleted = false): void => {
    world.pidjUsers.put({ ...requireUser(world, id, isDeleted), ...changes });
  };
  return {
    "GET /user/{id}": ({ id }) => success({ user: presentUser(requireUser(world, id)) }),
    "POST /user": ({ form }) => createUser(world, form),
    "PUT /user/{id}": ({ id, form }) => {
      const user = requireUser(world, id);
      if (form["password"] === "") {
        throw refusal(400, "password cannot be removed.");
      }
      change(user.id, readChanges(world, form));
      return success({});
    },
    "DELETE /user/{id}": ({ id }) => {
      change(id, { is_deleted: true });
      return success({});
    },
    // Recovering a user who was not deleted is not documented (docs/platforms.md P-16). Here it succeeds and changes
    // nothing.
    "PUT /user/{id}/recover": ({ id }) => {
      change(id, { is_deleted: false }, true);
      return success({});
    },
    "POST /user/{id}/pause": ({ id }) => {
      change(id, { is_paused: true });
      return success({ paused: true });
    },
    "POST /user/{id}/unpause": ({ id }) => {
      change(id, { is_paused: false });
      return success({ paused: shapes.unpauseAnswer === "true" });
    },
    "POST /sso/url": ({ form }) => makeSsoUrl(world, form),
  };
}

/** A user as `GET /user/{id}` returns it: without id and paused flag (docs/platforms.md P-14). */
function presentUser(user: PidjUser): Omit<PidjUser, "id" | "group_ids" | "timezone" | "is_paused" | "is_deleted"> {
  const { id: _id, group_ids: _groups, timezone: _zone, is_paused: _paused, is_deleted: _deleted, ...shown } = user;
  return shown;
}

function requireUser(world: World, id: string, orDeleted = false): PidjUser {
  const user = world.pidjUsers.get(id);
  if (user === undefined || (user.is_deleted && !orDeleted)) {
    throw refusal(404, "No user has this id.");
  }
  return user;
}

function createUser(world: World, form: Form): Answer {
  const username = requireText(form, "username");
  requireText(form, "password");
  const changes = readChanges(world, form);
  for (const user of world.pidjUsers.values()) {
    if (user.username === username) {
      throw refusal(409, "A user with this username already exists.");
    }
  }
  const { id } = world.pidjUsers.put({
    id: world.makePidjId("us"),
    first_name: "",
    last_name: "",
    business_name: "",
    display_name: "",
    email_address: "",
    phone_number: "",
    tags: [],
    username,
    roles: [],
    external_id: "",
    group_ids: [],
    is_paused: false,
    is_deleted: false,
    ...changes,
    timezone: changes.timezone || ACCOUNT_TIMEZONE,
  });
  return success({ id, message: "User created." });
}

type Changes = { -readonly [Name in keyof PidjUser]?: PidjUser[Name] };

function readChanges(world: World, form: Form): Changes {
  checkNumber(form, "phone_number");
  checkTimezone(form);
  const changes: Changes = {};
  for (const name of TEXT_PROPERTIES) {
    if (form[name] !== undefined) {
      changes[name] = form[name];
    }
  }
  if (form["roles"] !== undefined) {
    changes.roles = splitList(form["roles"]);
    if (!changes.roles.every((role) => ROLES.includes(role))) {
      throw refusal(400, "roles may hold admin, manager and agent.");
    }
  }
  if (form["groups"] !== undefined) {
    changes.group_ids = splitList(form["groups"]).map((item) => requireGroup(world, item).id);
  }
  return changes;
}

/** docs/platforms.md, Create a sign-in URL. Naming the user in both ways is not documented; it is refused here. */
function makeSsoUrl(world: World, form: Form): Answer {
  const user =
    chooseOne(form, "user_uuid", "external_id") === "user_uuid"
      ? requireRow(form, "user_uuid", "us", world.pidjUsers)
      : [...world.pidjUsers.values()].find((candidate) => candidate.external_id === form["external_id"]);
  if (user === undefined || user.is_deleted) {
    throw refusal(400, "No user can be signed in by this.");
  }
  const next = form["next"] ?? "";
  const target = Buffer.from(next, "base64");
  if (next !== "" && (target.toString("base64") !== next || !/^https?:\/\/[^/]/.test(target.toString()))) {
    throw refusal(400, "next must be a full URL, Base64 encoded.");
  }
  const ticket = Buffer.from(JSON.stringify({ user: user.id, next })).toString("base64url");
  return success({ url: `https://gopidj.com/sso/${ticket}` });
}
