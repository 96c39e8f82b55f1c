import type { ContactId, PidjGroupId, PidjTaskId, PidjUserId, SeriesId, SurveyId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { E164 } from "../phone.ts";
import type { WriteScope } from "../rest/calls.ts";
import { cleanMessage } from "../rest/decode.ts";
import type { Route } from "../rest/exchange.ts";
import { readFlag, readId } from "./decode.ts";
import { encodeCreation, encodeForm, type FormFields, missing, type PidjWire } from "./wire.ts";

/** The sender of a text: a number of one of the account's groups, or a group that has a number. */
export type Sender = { readonly phoneNumber: E164 } | { readonly groupId: PidjGroupId };

export type Recipient = { readonly phoneNumber: E164 } | { readonly contactId: ContactId };

/** Undefined is left out. Null is left out of a creation; in an update it is sent blank, which clears the value. */
type Optional<Value = string> = Value | null | undefined;

export interface TaskFields {
  readonly channel: "ticket";
  readonly groupId?: Optional<PidjGroupId>;
  readonly subject?: Optional;
  readonly topic?: Optional;
  readonly name?: Optional;
  readonly emailAddress?: Optional;
  readonly phoneNumber?: Optional;
}

export interface PidjUserFields {
  readonly password?: Optional;
  readonly phoneNumber?: Optional<E164>;
  readonly emailAddress?: Optional;
  readonly firstName?: Optional;
  readonly lastName?: Optional;
  readonly roles?: Optional<readonly ("admin" | "manager" | "agent")[]>;
  readonly groupIds?: Optional<readonly PidjGroupId[]>;
  readonly timezone?: Optional;
  readonly externalId?: Optional;
}

export interface PostalAddress {
  readonly street1?: Optional;
  readonly street2?: Optional;
  readonly city?: Optional;
  readonly state?: Optional;
  readonly postalCode?: Optional;
  readonly country?: Optional;
}

export interface ContactFields {
  readonly phoneNumber?: Optional<E164>;
  readonly emailAddress?: Optional;
  readonly firstName?: Optional;
  readonly lastName?: Optional;
  readonly businessName?: Optional;
  readonly displayName?: Optional;
  readonly groupId?: Optional<PidjGroupId>;
  readonly timezone?: Optional;
  readonly homeAddress?: Optional<PostalAddress>;
  readonly businessAddress?: Optional<PostalAddress>;
}

interface PlatformMessage {
  /** Pidj's own sentence, cleaned. */
  readonly message: string | null;
}

/** `exists`: a contact has the number already, and nothing was done. */
export interface ContactAnswer extends PlatformMessage {
  readonly kind: "created" | "exists";
  readonly id: ContactId | null;
}

/** An id in an answer is null if it is no valid id; the write was accepted all the same. */
export interface PidjWrites {
  readonly send: (
    message: { readonly from: Sender; readonly to: E164; readonly text: string },
    scope: WriteScope,
  ) => Promise<PlatformMessage>;
  readonly initiateTask: (task: TaskFields, scope: WriteScope) => Promise<{ readonly id: PidjTaskId | null }>;
  readonly subscribeToSeries: (
    subscription: {
      readonly seriesId: SeriesId;
      readonly recipient: Recipient;
      readonly from: Sender;
      readonly timezone: string;
    },
    scope: WriteScope,
  ) => Promise<PlatformMessage>;
  readonly initiateSurvey: (
    survey: { readonly surveyId: SurveyId; readonly recipient: Recipient; readonly from: Sender },
    scope: WriteScope,
  ) => Promise<PlatformMessage>;

  readonly createUser: (
    user: PidjUserFields & { readonly username: string; readonly password: string },
    scope: WriteScope,
  ) => Promise<{ readonly id: PidjUserId | null }>;
  readonly updateUser: (id: PidjUserId, user: PidjUserFields, scope: WriteScope) => Promise<void>;
  readonly deleteUser: (id: PidjUserId, scope: WriteScope) => Promise<void>;
  readonly recoverUser: (id: PidjUserId, scope: WriteScope) => Promise<void>;
  /** `isPaused` as reported by Pidj; null if it does not say. */
  readonly pauseUser: (id: PidjUserId, scope: WriteScope) => Promise<{ readonly isPaused: boolean | null }>;
  readonly unpauseUser: (id: PidjUserId, scope: WriteScope) => Promise<{ readonly isPaused: boolean | null }>;
  /** `next` is a plain URL. The URL in the answer is a secret that is valid for 60 seconds (docs/platforms.md P-20). */
  readonly createSsoUrl: (
    sign: {
      readonly user: { readonly id: PidjUserId } | { readonly externalId: string };
      readonly next?: string | null | undefined;
    },
    scope: WriteScope,
  ) => Promise<{ readonly url: string }>;

  /**
   * `created` only if Pidj's sentence says so: if a contact has the number already, nothing is changed
   * (docs/platforms.md P-7).
   */
  readonly createContact: (
    contact: ContactFields & { readonly phoneNumber: E164; readonly externalId?: Optional },
    scope: WriteScope,
  ) => Promise<ContactAnswer>;
  readonly updateContact: (id: ContactId, contact: ContactFields, scope: WriteScope) => Promise<void>;
  readonly deleteContact: (id: ContactId, scope: WriteScope) => Promise<void>;
}

export function createPidjWrites(wire: PidjWire): PidjWrites {
  function post<Result>(
    route: Route,
    fields: FormFields,
    decode: (body: JsonObject) => Result,
    scope: WriteScope,
  ): Promise<Result> {
    return wire.write({ route, id: null, form: encodeCreation(fields) }, decode, scope);
  }

  function put(route: Route, id: string, fields: FormFields, scope: WriteScope): Promise<void> {
    return wire.write({ route, id, form: encodeForm(fields) }, nothing, scope);
  }

  function act<Result>(
    route: Route,
    id: string,
    decode: (body: JsonObject) => Result,
    scope: WriteScope,
  ): Promise<Result> {
    return wire.write({ route, id, form: null }, decode, scope);
  }

  return {
    send: ({ from, to, text }, scope) =>
      post("POST /send", { ...sender(from), to_number: to, text_body: text }, readMessage, scope),
    initiateTask: (task, scope) =>
      post(
        "POST /task/initiate",
        {
          channel: task.channel,
          group_id: task.groupId,
          subject: task.subject,
          topic: task.topic,
          name: task.name,
          email_address: task.emailAddress,
          phone_number: task.phoneNumber,
        },
        (body) => ({ id: readId("PidjTask", body["task"]) }),
        scope,
      ),
    subscribeToSeries: ({ seriesId, recipient: to, from, timezone }, scope) =>
      post(
        "POST /series/subscribe",
        { series_id: seriesId, timezone, ...recipient(to), ...sender(from) },
        readMessage,
        scope,
      ),
    initiateSurvey: ({ surveyId, recipient: to, from }, scope) =>
      post("POST /survey/initiate", { survey_id: surveyId, ...recipient(to), ...sender(from) }, readMessage, scope),

    createUser: (user, scope) =>
      post(
        "POST /user",
        { username: user.username, ...userFields(user) },
        (body) => ({ id: readId("PidjUser", body["id"]) }),
        scope,
      ),
    updateUser: (id, user, scope) => put("PUT /user/{id}", id, userFields(user), scope),
    deleteUser: (id, scope) => act("DELETE /user/{id}", id, nothing, scope),
    recoverUser: (id, scope) => act("PUT /user/{id}/recover", id, nothing, scope),
    pauseUser: (id, scope) => act("POST /user/{id}/pause", id, paused, scope),
    unpauseUser: (id, scope) => act("POST /user/{id}/unpause", id, paused, scope),
    createSsoUrl: ({ user, next }, scope) =>
      post(
        "POST /sso/url",
        {
          ...("id" in user ? { user_uuid: user.id } : { external_id: user.externalId }),
          // Base64 (RFC 4648 §4) of the URL's UTF-8 (docs/platforms.md P-19).
          next: typeof next === "string" ? Buffer.from(next).toString("base64") : undefined,
        },
        ssoUrl,
        scope,
      ),

    createContact: (contact, scope) =>
      post(
        "POST /contact",
        { ...contactFields(contact), external_id: contact.externalId },
        (body) => {
          const message = cleanMessage(body["message"]);
          const kind = message === "Contact created." ? "created" : "exists";
          return { kind, id: readId("Contact", body["id"]), message };
        },
        scope,
      ),
    updateContact: (id, contact, scope) => put("PUT /contact/{id}", id, contactFields(contact), scope),
    deleteContact: (id, scope) => act("DELETE /contact/{id}", id, nothing, scope),
  };
}

function nothing(): void {}

function readMessage(body: JsonObject): PlatformMessage {
  return { message: cleanMessage(body["message"]) };
}

function paused(body: JsonObject): { isPaused: boolean | null } {
  return { isPaused: readFlag(body["paused"]) };
}

function ssoUrl(body: JsonObject): { url: string } {
  const url = typeof body["url"] === "string" ? URL.parse(body["url"]) : null;
  if (url === null || !["https:", "http:"].includes(url.protocol)) {
    throw missing("POST /sso/url", "url");
  }
  return { url: url.href };
}

function sender(from: Sender): FormFields {
  return "groupId" in from ? { group_id: from.groupId } : { from_number: from.phoneNumber };
}

function recipient(to: Recipient): FormFields {
  return "contactId" in to ? { contact_id: to.contactId } : { to_number: to.phoneNumber };
}

function userFields(user: PidjUserFields): FormFields {
  return {
    password: user.password,
    phone_number: user.phoneNumber,
    email_address: user.emailAddress,
    first_name: user.firstName,
    last_name: user.lastName,
    roles: piped(user.roles),
    groups: piped(user.groupIds),
    timezone: user.timezone,
    external_id: user.externalId,
  };
}

/** A list in Pidj's form (docs/platforms.md P-12). */
function piped(items: Optional<readonly string[]>): Optional {
  if (items === undefined) {
    return undefined;
  }
  return items === null || items.length === 0 ? null : items.join("|");
}

function contactFields(contact: ContactFields): FormFields {
  return {
    phone_number: contact.phoneNumber,
    email_address: contact.emailAddress,
    first_name: contact.firstName,
    last_name: contact.lastName,
    business_name: contact.businessName,
    display_name: contact.displayName,
    group: contact.groupId,
    timezone: contact.timezone,
    ...addressFields("home", contact.homeAddress),
    ...addressFields("business", contact.businessAddress),
  };
}

/** An address as flat fields (docs/platforms.md P-23). Null instead of an address clears each of its six fields. */
function addressFields(which: "home" | "business", address: Optional<PostalAddress>): FormFields {
  if (address === undefined) {
    return {};
  }
  return {
    [`${which}_street_1`]: address === null ? null : address.street1,
    [`${which}_street_2`]: address === null ? null : address.street2,
    [`${which}_city`]: address === null ? null : address.city,
    [`${which}_state`]: address === null ? null : address.state,
    [`${which}_postal`]: address === null ? null : address.postalCode,
    [`${which}_country`]: address === null ? null : address.country,
  };
}
