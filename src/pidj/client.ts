import type { ContactId, Id, IdType, PidjUserId } from "../ids.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import type { Answer } from "../rest/answer.ts";
import type { ReadScope, Rows } from "../rest/calls.ts";
import { cleanMessage } from "../rest/decode.ts";
import type { Route } from "../rest/exchange.ts";
import type { PlatformState } from "../rest/guard.ts";
import {
  decodeContactDetail,
  decodeContactRow,
  decodeGroup,
  decodeSeries,
  decodeSurvey,
  decodeUser,
  readRows,
} from "./decode.ts";
import type { ContactRecord, PidjGroupRecord, PidjUserRecord, SeriesRecord, SurveyRecord } from "./records.ts";
import { createPidjWire, missing, type PidjOptions, type PidjWire } from "./wire.ts";
import { createPidjWrites, type PidjWrites } from "./writes.ts";

/** Every method makes one documented call and throws PlatformError if it fails. */
export interface PidjClient extends PidjReads, PidjWrites {
  /** What the platform's guard lets through now. */
  readonly state: () => PlatformState;
  /** Waits for running calls, then closes the connections. */
  readonly close: () => Promise<void>;
}

interface PidjReads {
  /** Null if there is no such contact. */
  readonly contact: (id: ContactId, scope: ReadScope) => Promise<ContactRecord | null>;
  /** Not documented, and not there for every account (docs/platforms.md P-6). */
  readonly contacts: (scope: ReadScope) => Promise<Rows<ContactRecord>>;
  /** Active groups only, as in all lists. */
  readonly groups: (scope: ReadScope) => Promise<Rows<PidjGroupRecord>>;
  readonly series: (scope: ReadScope) => Promise<Rows<SeriesRecord>>;
  readonly surveys: (scope: ReadScope) => Promise<Rows<SurveyRecord>>;
  /** Null if there is no such user. */
  readonly user: (id: PidjUserId, scope: ReadScope) => Promise<PidjUserRecord | null>;
  /** Throws `unauthorized` if Pidj does not accept the credentials. */
  readonly authorizationCheck: (scope: ReadScope) => Promise<{ readonly message: string | null }>;
}

export function createPidjClient(options: PidjOptions): PidjClient {
  const wire = createPidjWire(options);
  const { state, close } = wire;
  return { ...createPidjReads(wire), ...createPidjWrites(wire), state, close };
}

function createPidjReads(wire: PidjWire): PidjReads {
  function list<Type extends IdType, Row>(
    route: Route,
    key: string,
    type: Type,
    idKey: string,
    decode: (row: JsonObject, id: Id<Type>, answer: Answer) => Row,
  ): (scope: ReadScope) => Promise<Rows<Row>> {
    const decodeList = async (body: JsonObject, answer: Answer) => {
      const rows = await readRows(body[key], type, idKey, decode, answer);
      return rows ?? lacks(route, key);
    };
    return (scope) => wire.readList(route, decodeList, scope);
  }

  function detail<RecordId extends Id<IdType>, Value>(
    route: Route,
    key: string,
    decode: (record: JsonObject, id: RecordId) => Value,
  ): (id: RecordId, scope: ReadScope) => Promise<Value | null> {
    return (id, scope) => {
      const decodeBody = (body: JsonObject) => {
        const record = body[key];
        return decode(isJsonObject(record) ? record : lacks(route, key), id);
      };
      return wire.readIfFound(route, id, decodeBody, scope);
    };
  }

  return {
    contact: detail("GET /contact/{id}", "contact", decodeContactDetail),
    contacts: list("GET /contacts", "contacts", "Contact", "id", decodeContactRow),
    groups: list("GET /groups", "groups", "PidjGroup", "group_id", decodeGroup),
    series: list("GET /series", "series", "Series", "series_id", decodeSeries),
    surveys: list("GET /surveys", "surveys", "Survey", "survey_id", decodeSurvey),
    user: detail("GET /user/{id}", "user", decodeUser),
    authorizationCheck: (scope) => wire.readRecord("GET /authorization-check", null, readMessage, scope),
  };
}

function readMessage(body: JsonObject): { message: string | null } {
  return { message: cleanMessage(body["message"]) };
}

function lacks(route: Route, key: string): never {
  throw missing(route, key);
}
