import { type Backend, recordSend } from "./backend.ts";
import type { Answer } from "./exchange.ts";
import {
  checkNumber,
  checkTimezone,
  chooseOne,
  type Form,
  need,
  needRow,
  needSender,
  type PidjHandler,
  refusal,
  success,
} from "./pidj-checks.ts";
import { findOrAddContact } from "./pidj-contacts.ts";
import type { World } from "./world.ts";

const LONGEST_TEXT = 1600;
const LONGEST_TOPIC = 3200;

/** The four calls that text people or make work for them; each accepted one is in the ledger. */
export function sendRoutes(backend: Backend): Record<string, PidjHandler> {
  const { world } = backend;
  return {
    "POST /send": ({ form }) => send(backend, form),
    "POST /task/initiate": ({ form }) => initiateTask(backend, form),
    "POST /series/subscribe": ({ form }) => {
      needRow(form, "series_id", "ts", world.series);
      // Called REQUIRED, and given a default in the same paragraph (ambiguities P-9): the stricter word is held to.
      need(form, "timezone");
      checkTimezone(form);
      needSender(world, form);
      receive(world, form);
      recordSend(backend, "POST /series/subscribe", form);
      return success({ message: "Series subscribe." });
    },
    "POST /survey/initiate": ({ form }) => {
      needRow(form, "survey_id", "sv", world.surveys);
      needSender(world, form);
      receive(world, form);
      recordSend(backend, "POST /survey/initiate", form);
      return success({ message: "Survey initiated." });
    },
  };
}

function send(backend: Backend, form: Form): Answer {
  need(form, "to_number");
  checkNumber(form, "to_number");
  const text = need(form, "text_body");
  needSender(backend.world, form);
  // "Message lengths greater than 1,600 characters will be truncated" (pidj-api.txt:69), and nobody is told.
  const text_body = [...text].slice(0, LONGEST_TEXT).join("");
  recordSend(backend, "POST /send", { ...form, text_body });
  return success({ message: "Text sent." });
}

function initiateTask(backend: Backend, form: Form): Answer {
  const { world } = backend;
  if (need(form, "channel") !== "ticket") {
    throw refusal(400, "channel must be ticket.");
  }
  if ((form["group_id"] ?? "") !== "") {
    needRow(form, "group_id", "gr", world.pidjGroups);
  }
  if ([...(form["topic"] ?? "")].length > LONGEST_TOPIC) {
    throw refusal(400, "topic may have 3,200 characters.");
  }
  const task = world.tasks.put({ id: world.makePidjId("ci"), form });
  recordSend(backend, "POST /task/initiate", form);
  return success({ task: task.id });
}

/** Checks the receiver: contact_id or to_number, "only one or the other" (pidj-api.txt:416). Called last: it may create. */
function receive(world: World, form: Form): void {
  if (chooseOne(form, "contact_id", "to_number") === "contact_id") {
    needRow(form, "contact_id", "co", world.contacts);
    return;
  }
  checkNumber(form, "to_number");
  findOrAddContact(world, need(form, "to_number"));
}
