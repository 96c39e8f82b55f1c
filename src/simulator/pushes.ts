import { en, Faker } from "@faker-js/faker";
import type { Backend } from "./backend.ts";
import { responseOf } from "./textizen-records.ts";
import type { Contact, Participant, PidjGroup, Poll, PollResponse, Question } from "./world.ts";

/** URLs that the platforms push to; null for none. */
export interface PushTargets {
  /** Pidj's Text Forwarding (docs/platforms.md, Text forwarding). */
  readonly forwardTo: string | null;
  /** The webhook of Textizen's campaigns (docs/platforms.md, Webhook). */
  readonly webhookTo: string | null;
}

/**
 * The values of a forwarded text (docs/platforms.md, Text forwarding). `null` is sent as null, undefined is left out.
 */
export interface ForwardedText {
  readonly message?: string | null;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly group_id?: string | null;
  readonly contact_id?: string | null;
}

/** The form of the request, of which the document fixes only the method (docs/platforms.md P-27). */
export interface ForwardForm {
  readonly method?: "GET" | "POST";
  readonly encoding?: "form" | "json" | "multipart";
}

/** Who completed which poll, and the form of the report (docs/platforms.md T-24). */
export interface PollCompletion {
  readonly pollId: number;
  readonly participantId: number;
  readonly event?: string;
  readonly encoding?: "form" | "json";
}

export interface Pushes {
  pushTo(targets: Partial<PushTargets>): void;
  /** Forwards a text; returns the HTTP status. */
  forwardText(text: ForwardedText, form?: ForwardForm): Promise<number>;
  /** Answers every question of a poll for a participant and reports it; returns the HTTP status. */
  completePoll(completion: PollCompletion): Promise<number>;
  /** Pushes something every so many seconds until the simulator is closed. A push that fails is not repeated. */
  chat(seconds: number): void;
}

const TEXTS = [
  "Where do I sign up?",
  "Thank you!",
  "Running late, be there at 5 🚌",
  "Is the library open?",
  "yes",
  "👍",
];

/** What the platforms send on their own. `signal` ends it. */
export function createPushes(backend: Backend, seed: number, signal: AbortSignal): Pushes {
  const { world, now } = backend;
  const faker = new Faker({ locale: [en], seed: seed * 10 + 9 });
  let targets: PushTargets = { forwardTo: null, webhookTo: null };
  let stopped: Contact | undefined;

  async function forwardText(text: ForwardedText, { method = "POST", encoding = "form" }: ForwardForm = {}) {
    const url = new URL(requireTarget(targets.forwardTo, "forwardTo"));
    const pairs = Object.entries(text).map(([name, value]): [string, string] => [name, value ?? "null"]);
    if (method === "GET") {
      url.search = new URLSearchParams(pairs).toString();
      return send(url.href, { method });
    }
    if (encoding === "json") {
      return send(url.href, { method, headers: JSON_TYPE, body: JSON.stringify(text) });
    }
    const body = encoding === "form" ? new URLSearchParams() : new FormData();
    for (const [name, value] of pairs) {
      body.append(name, value);
    }
    return send(url.href, { method, body });
  }

  async function completePoll({ pollId, participantId, event = "poll.completed", encoding = "form" }: PollCompletion) {
    const poll = requireRow(world.polls.get(pollId));
    const participant = requireRow(world.participants.get(participantId));
    const responses = poll.questions.map((question) => answer(poll, question, participant));
    const report = {
      event,
      time: now().toISOString(),
      poll: { id: poll.id, title: poll.title, phone: poll.phone },
      responses: responses.map((response) => responseOf(world, poll, response)),
    };
    const url = requireTarget(targets.webhookTo, "webhookTo");
    if (encoding === "json") {
      return send(url, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(report) });
    }
    const body = new URLSearchParams({
      ...report,
      poll: JSON.stringify(report.poll),
      responses: JSON.stringify(report.responses),
    });
    return send(url, { method: "POST", body });
  }

  function answer(poll: Poll, question: Question, participant: Participant): PollResponse {
    const option = question.options[faker.number.int(Math.max(0, question.options.length - 1))];
    return world.responses.put({
      id: world.makeTextizenId(),
      poll_id: poll.id,
      question_id: question.id,
      participant_id: participant.id,
      response: option?.value ?? "All good",
      created_at: now().toISOString(),
      option_id: option?.id ?? null,
    });
  }

  async function send(url: string, init: RequestInit): Promise<number> {
    const response = await fetch(url, { ...init, signal, redirect: "manual" });
    await response.arrayBuffer();
    return response.status;
  }

  function pick<Row>(rows: Iterable<Row>): Row | undefined {
    const all = [...rows];
    return all[faker.number.int(Math.max(0, all.length - 1))];
  }

  async function chatOnce(turn: number): Promise<void> {
    const participant = pick(world.participants.values());
    const poll = pick(world.polls.values());
    if (turn % 5 === 4 && targets.webhookTo !== null && participant !== undefined && poll !== undefined) {
      await completePoll({ pollId: poll.id, participantId: participant.id });
    } else if (targets.forwardTo !== null) {
      const group = pick([...world.pidjGroups.values()].filter((each) => each.phone_number !== null && each.is_active));
      const isStop = turn % 40 === 17;
      const isStart = turn % 40 === 38;
      // A person who texted STOP texts START the next time, so that nobody stays opted out.
      const contact = isStart && stopped !== undefined ? stopped : pick(world.contacts.values());
      stopped = isStop ? contact : stopped;
      if (contact !== undefined && group !== undefined) {
        await forwardText(textFrom(contact, group, isStop ? "STOP" : isStart ? "START" : (pick(TEXTS) ?? "")));
      }
    }
  }

  return {
    pushTo: (given) => {
      targets = { ...targets, ...given };
    },
    forwardText,
    completePoll,
    chat: (seconds) => {
      let turn = 0;
      const timer = setInterval(() => {
        // Nobody is listening. The platforms do not care.
        chatOnce(turn).catch(() => undefined);
        turn += 1;
      }, seconds * 1_000);
      signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    },
  };
}

const JSON_TYPE = { "content-type": "application/json" };

/** What Pidj says of the sender: the contact's external id, or its own id if it has none (docs/platforms.md P-27). */
function textFrom(contact: Contact, group: PidjGroup, message: string): ForwardedText {
  return {
    message,
    from: contact.phone_number,
    to: group.phone_number,
    group_id: group.id,
    contact_id: contact.external_id || contact.id,
  };
}

function requireTarget(url: string | null, name: keyof PushTargets): string {
  if (url === null) {
    throw new RangeError(`pushTo({ ${name} }) has not said where to.`);
  }
  return url;
}

function requireRow<Row>(row: Row | undefined): Row {
  if (row === undefined) {
    throw new RangeError("The simulated world has no such record.");
  }
  return row;
}
