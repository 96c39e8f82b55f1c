import { type Backend, recordSend } from "./backend.ts";
import type { Answer } from "./exchange.ts";
import {
  checkNumber,
  checkTimezone,
  chooseOne,
  type Form,
  type PidjHandler,
  refusal,
  requireRow,
  requireSender,
  requireText,
  success,
} from "./pidj-checks.ts";
import { findOrAddContact } from "./pidj-contacts.ts";
import type { World } from "./world.ts";

const LONGEST_TEXT = 1600;
const LONGEST_TOPIC = 3200;

/** The four calls that text people or make work for them. Each accepted one is in the ledger. */
export function sendRoutes(backend: Backend): Record<string, PidjHandler> {
  const { world } = backend;
  return {
    "POST /send": ({ form }) => send(backend, form),
    "POST /task/initiate": ({ form }) => initiateTask(backend, form),
    "POST /series/subscribe": ({ form }) => {
      requireRow(form, "series_id", "ts", world.series);
      // The document calls it required and names a default as well; here it is required (docs/platforms.md P-9).
      requireText(form, "timezone");
      checkTimezone(form);
      requireSender(world, form);
      receive(world, form);
      recordSend(backend, "POST /series/subscribe", form);
      return success({ message: "Series subscribe." });
    },
    "POST /survey/initiate": ({ form }) => {
      requireRow(form, "survey_id", "sv", world.surveys);
      requireSender(world, form);
      receive(world, form);
      recordSend(backend, "POST /survey/initiate", form);
      return success({ message: "Survey initiated." });
    },
  };
}

function send(backend: Backend, form: Form): Answer {
  requireText(form, "to_number");
  checkNumber(form, "to_number");
  const text = requireText(form, "text_body");
  requireSender(backend.world, form);
  // Pidj cuts a longer text and does not say so (docs/platforms.md P-10).
  const text_body = [...text].slice(0, LONGEST_TEXT).join("");
  recordSend(backend, "POST /send", { ...form, text_body });
  return success({ message: "Text sent." });
}

function initiateTask(backend: Backend, form: Form): Answer {
  const { world } = backend;
  if (requireText(form, "channel") !== "ticket") {
    throw refusal(400, "channel must be ticket.");
  }
  if ((form["group_id"] ?? "") !== "") {
    requireRow(form, "group_id", "gr", world.pidjGroups);
  }
  if ([...(form["topic"] ?? "")].length > LONGEST_TOPIC) {
    throw refusal(400, "topic may have 3,200 characters.");
  }
  const task = world.tasks.put({ id: world.makePidjId("ci"), form });
  recordSend(backend, "POST /task/initiate", form);
  return success({ task: task.id });
}

/**
 * Checks the recipient: exactly one of contact_id and to_number (docs/platforms.md P-8). It may create a contact, so it
 * is called last.
 */
function receive(world: World, form: Form): void {
  if (chooseOne(form, "contact_id", "to_number") === "contact_id") {
    requireRow(form, "contact_id", "co", world.contacts);
    return;
  }
  checkNumber(form, "to_number");
  findOrAddContact(world, requireText(form, "to_number"));
}
