import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import type { PidjUserId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { PidjUserRecord } from "../pidj/records.ts";
import type { PidjUserFields } from "../pidj/writes.ts";
import { carryOut, nobody, type Write } from "./carry-out.ts";
import { Checks, type Optional, once, withoutNull } from "./checks.ts";
import { type Stub, stubOf } from "./created.ts";
import type { Done } from "./idempotency.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";
import { verifyDeletion, verifyUpdate } from "./verify.ts";

type Role = "ADMIN" | "MANAGER" | "AGENT";

interface PidjUserInput {
  readonly phoneNumber?: Optional<E164>;
  readonly emailAddress?: Optional;
  readonly firstName?: Optional;
  readonly lastName?: Optional;
  readonly roles?: Optional<readonly Role[]>;
  readonly groupIds?: Optional<readonly string[]>;
  readonly timezone?: Optional;
  readonly externalId?: Optional;
}

interface CreatePidjUserInput extends PidjUserInput {
  readonly username: string;
  readonly password: string;
  readonly idempotencyKey?: Optional;
}

interface UpdatePidjUserInput extends PidjUserInput {
  readonly id: string;
  readonly password?: Optional;
}

interface UserRef {
  readonly id: string;
}

/** The outcome of pausing or unpausing a user. */
interface Pause {
  readonly user: Stub<PidjUserId>;
  /** As reported by Pidj; null if it does not say. */
  readonly isPaused: boolean | null;
}

const PATHS = {
  username: ["input", "username"],
  password: ["input", "password"],
  phone_number: ["input", "phoneNumber"],
  email_address: ["input", "emailAddress"],
  first_name: ["input", "firstName"],
  last_name: ["input", "lastName"],
  roles: ["input", "roles"],
  groups: ["input", "groupIds"],
  group: ["input", "groupIds"],
  timezone: ["input", "timezone"],
  external_id: ["input", "externalId"],
};

/** A sentence that mentions an id means the id that was given. */
const CHANGE_PATHS = { ...PATHS, id: ["input", "id"] };

const derive = promisify<string, string, number, Buffer>(scrypt);

const ROLES = { ADMIN: "admin", MANAGER: "manager", AGENT: "agent" } as const;

/** docs/platforms.md, Create a user. Returns null if Pidj did not return the user's id. */
export function createPidjUser(
  tools: WriteTools,
  input: CreatePidjUserInput,
): Promise<Outcome<Stub<PidjUserId> | null>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const user = {
      username: checks.text(PATHS.username, input.username),
      password: checks.text(PATHS.password, input.password),
      ...checkFields(checks, input),
    };
    const idempotencyKey = checks.idempotencyKey(input.idempotencyKey);
    checks.done();
    return carryOut(tools, {
      mutation: "createPidjUser",
      kind: "creation",
      idempotencyKey,
      input: withoutNull({ ...user, password: await hashPassword(user.password, idempotencyKey) }),
      paths: {
        ...PATHS,
        NOT_FOUND: user.groupIds?.length ? PATHS.groups : undefined,
        // docs/platforms.md, Create a user.
        ALREADY_EXISTS: PATHS.username,
      },
      changes: ["PIDJ"],
      texts: nobody,
      call: async (scope) => {
        const { id } = await tools.pidj.createUser(user, scope);
        return id === null ? null : stubOf(id);
      },
    });
  });
}

/** docs/platforms.md, Update a user. */
export function updatePidjUser(tools: WriteTools, input: UpdatePidjUserInput): Promise<Outcome<PidjUserRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const id = checks.id("PidjUser", CHANGE_PATHS.id, input.id);
    const password = checks.notNull(PATHS.password, input.password);
    const user = {
      password: password === undefined ? undefined : checks.text(PATHS.password, password),
      ...checkFields(checks, input),
    };
    checks.atLeastOne({ ...user, password: input.password });
    checks.done();
    return changeUser<PidjUserRecord>(
      tools,
      "updatePidjUser",
      { id, ...user },
      {
        call: async (scope) => {
          await tools.pidj.updateUser(id, user, scope);
          return stubOf(id);
        },
        verify: verifyUpdate(tools.pidj.user, id, user),
      },
    );
  });
}

/** docs/platforms.md, Delete a user. Returns the deleted user's id. */
export function deletePidjUser(tools: WriteTools, input: UserRef): Promise<Outcome<PidjUserId>> {
  return actOn(tools, "deletePidjUser", input, (id) => ({
    call: async (scope) => {
      await tools.pidj.deleteUser(id, scope);
      return id;
    },
    verify: verifyDeletion(tools.pidj.user, id),
  }));
}

/** docs/platforms.md, Recover a user. */
export function recoverPidjUser(tools: WriteTools, input: UserRef): Promise<Outcome<Stub<PidjUserId>>> {
  // Not verified: Pidj may show deleted users too (docs/platforms.md P-16).
  return actOn(tools, "recoverPidjUser", input, (id) => ({
    call: async (scope) => {
      await tools.pidj.recoverUser(id, scope);
      return stubOf(id);
    },
  }));
}

/** docs/platforms.md, Pause a user. */
export function pausePidjUser(tools: WriteTools, input: UserRef): Promise<Outcome<Pause>> {
  return actOn(tools, "pausePidjUser", input, (id) => ({
    call: async (scope) => ({ user: stubOf(id), ...(await tools.pidj.pauseUser(id, scope)) }),
  }));
}

/** docs/platforms.md, Unpause a user. An answer that says "paused" does not prove that it failed (P-18). */
export function unpausePidjUser(tools: WriteTools, input: UserRef): Promise<Outcome<Pause>> {
  return actOn(tools, "unpausePidjUser", input, (id) => ({
    call: async (scope) => ({ user: stubOf(id), ...(await tools.pidj.unpauseUser(id, scope)) }),
  }));
}

/**
 * Stands for the password in the input's fingerprint, which is stored with the key: equal for equal passwords, and
 * expensive to guess back (RFC 7914). Null without a key: nothing is stored then.
 */
async function hashPassword(password: string, idempotencyKey: string | null): Promise<string | null> {
  return idempotencyKey === null ? null : (await derive(password, idempotencyKey, 32)).toString("base64url");
}

type UserChange<Value> = Pick<Write<Value>, "call"> & Partial<Pick<Write<Value>, "verify">>;

function actOn<Value>(
  tools: WriteTools,
  mutation: string,
  input: UserRef,
  change: (id: PidjUserId) => UserChange<Value>,
): Promise<Outcome<Value>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const id = checks.id("PidjUser", CHANGE_PATHS.id, input.id);
    checks.done();
    return changeUser(tools, mutation, { id }, change(id));
  });
}

function changeUser<Value>(
  tools: WriteTools,
  mutation: string,
  input: { readonly id: PidjUserId } & PidjUserFields,
  change: UserChange<Value>,
): Promise<Done<Value>> {
  // There is no list of users to make stale.
  return carryOut(tools, {
    mutation,
    kind: "change",
    idempotencyKey: null,
    input,
    paths: { ...CHANGE_PATHS, NOT_FOUND: input.groupIds?.length ? undefined : CHANGE_PATHS.id },
    changes: ["PIDJ"],
    texts: nobody,
    ...change,
  });
}

function checkFields(checks: Checks, input: PidjUserInput): Omit<PidjUserFields, "password"> {
  const groupIds = input.groupIds?.map((id, at) => checks.id("PidjGroup", [...PATHS.groups, String(at)], id));
  checks.listItems(PATHS.groups, groupIds ?? []);
  return {
    phoneNumber: input.phoneNumber,
    emailAddress: input.emailAddress,
    firstName: checks.optionalText(PATHS.first_name, input.firstName),
    lastName: checks.optionalText(PATHS.last_name, input.lastName),
    roles: input.roles && once(input.roles.map((role) => ROLES[role])),
    groupIds: input.groupIds === null ? null : groupIds && once(groupIds),
    timezone: input.timezone,
    externalId: checks.optionalText(PATHS.external_id, input.externalId),
  };
}
