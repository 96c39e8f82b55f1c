import type { Faker } from "@faker-js/faker";
import type { Sizes } from "./seed.ts";
import { THEMES, type Theme } from "./themes.ts";
import type { Option, Participant, Poll, Question, World } from "./world.ts";

const DAY = 86_400_000;
/** All dates are relative to this one, so that a seed gives the same world on any day. */
const BEGINNING = Date.UTC(2026, 0, 5, 15);
// Ranges of ids do not overlap: an id of one kind finds no record of another.
const FIRST = { campaign: 11, poll: 301, question: 20_001, option: 50_001, mailing: 5001, response: 3_000_001 };

/** Polls with their questions, who answered what, and the mailings. */
export function addPolls(world: World, faker: Faker, sizes: Sizes): void {
  const campaignIds = [...world.campaigns.keys()];
  const people = [...world.participants.values()];
  const counts = { question: 0, option: 0 };
  for (let index = 0; index < sizes.polls; index += 1) {
    const theme = THEMES[index % THEMES.length] ?? THEMES[0];
    const start = BEGINNING + index * 14 * DAY;
    const round = Math.floor(index / THEMES.length);
    const poll = world.polls.put({
      id: FIRST.poll + index,
      title: `${theme.title}${round === 0 ? "" : ` ${round + 1}`}`,
      language: index % 5 === 4 ? "es" : "en",
      active: index % 4 !== 3,
      public: index % 2 === 0,
      campaign_id: campaignIds[index % Math.max(1, campaignIds.length)] ?? null,
      phone: index % 6 === 5 ? "68398" : `18885554${String(index % 1000).padStart(3, "0")}`,
      confirmation: index % 3 === 1 ? null : "Thank you! Reply STOP to end.",
      error_message: "Sorry, we did not understand that.",
      type: index % 4 === 2 ? "FollowupPoll" : null,
      created_at: new Date(start - 2 * DAY).toISOString(),
      start_date: new Date(start).toISOString(),
      end_date: index % 4 === 0 ? null : new Date(start + 30 * DAY).toISOString(),
      questions: makeQuestions(theme, counts),
    });
    addResponses(world, faker, poll, theme, people, start, sizes.responsesPerPoll);
    addMailings(world, faker, poll, people, start);
  }
}

export function addCampaigns(world: World, count: number): void {
  const titles = ["Speak up for parks", "Getting around", "Your town, your budget"];
  for (let index = 0; index < count; index += 1) {
    world.campaigns.put({
      id: FIRST.campaign + index,
      title: titles[index] ?? `Campaign ${index + 1}`,
      description: index % 3 === 2 ? null : "What residents think, by text message.",
      info_message: index % 2 === 0 ? "Reply QUIT to unsubscribe." : null,
      webhook_url: null,
      exchange: index % 2 === 0 ? "867" : null,
      organization_id: 1,
      created_at: new Date(BEGINNING - (30 - (index % 30)) * DAY).toISOString(),
    });
  }
}

function makeQuestions(theme: Theme, counts: { question: number; option: number }): Question[] {
  const ask = (text: string, question_type: string, sequence: number, options: readonly Option[] = []): Question => {
    counts.question += 1;
    return { id: FIRST.question + counts.question, text, question_type, sequence, options };
  };
  const offer = (text: string, value: string, followups: readonly Question[] = []): Option => {
    counts.option += 1;
    return { id: FIRST.option + counts.option, text, value, followups };
  };
  const letter = (at: number): string => String.fromCharCode(65 + at);
  const detail = ask(
    theme.detail,
    "MULTI",
    1,
    theme.detailOptions.map((text, at) => offer(text, letter(at))),
  );
  const why = ask("Why not?", "OPEN", 1);
  return [
    ask(
      theme.choice,
      "MULTI",
      1,
      theme.options.map((text, at) => offer(text, letter(at), at === 0 ? [detail] : [])),
    ),
    ask(theme.yesNo, "YN", 2, [offer("Yes", "yes"), offer("No", "no", [why])]),
    ask(theme.open, "OPEN", 3),
    ask("May we have your name?", "NAME", 4),
  ];
}

function addResponses(
  world: World,
  faker: Faker,
  poll: Poll,
  theme: Theme,
  people: readonly Participant[],
  start: number,
  count: number,
): void {
  const end = world.responses.size + (people.length === 0 ? 0 : count);
  const pick = <Item>(items: readonly Item[]): Item | undefined =>
    items[faker.number.int(Math.max(0, items.length - 1))];

  const answer = (participant: Participant, question: Question): void => {
    if (world.responses.size >= end) {
      return;
    }
    const draw = faker.number.int(99);
    const option = draw < 85 ? pick(question.options) : undefined;
    const free = question.question_type === "NAME" ? (participant.name ?? "rather not") : (pick(theme.comments) ?? "");
    const spellings = option === undefined ? [free] : [option.value, option.value.toLowerCase(), option.text];
    const before = end - world.responses.size;
    world.responses.put({
      id: FIRST.response + world.responses.size,
      poll_id: poll.id,
      question_id: question.id,
      participant_id: participant.id,
      response: spellings[draw % spellings.length] ?? free,
      created_at: new Date(start + Math.floor(((count - before) / count) * 28 * DAY)).toISOString(),
      option_id: option?.id ?? null,
    });
    for (const followup of option?.followups ?? []) {
      answer(participant, followup);
    }
    if (draw % 16 === 7) {
      answer(participant, question); // A second answer to the same question is one more response.
    }
  };

  while (world.responses.size < end) {
    const participant = pick(people);
    for (const question of participant === undefined ? [] : poll.questions) {
      answer(participant as Participant, question);
    }
  }
}

function addMailings(world: World, faker: Faker, poll: Poll, people: readonly Participant[], start: number): void {
  const groupIds = [...world.textizenGroups.keys()];
  for (let index = 0; index < 3; index += 1) {
    const numbers = people.slice(0, 40).filter(() => faker.number.int(9) === 0);
    world.mailings.put({
      id: FIRST.mailing + world.mailings.size,
      poll_id: poll.id,
      // A mailing without a time is saved and not scheduled (docs/platforms.md T-17).
      send_at: index === 2 ? null : new Date(start + index * 7 * DAY).toISOString(),
      group_ids: groupIds.filter((_, at) => at % 3 === index),
      phone_numbers_list: index === 0 ? null : numbers.map((person) => person.phone_number).join(",") || null,
      created_at: new Date(start - DAY).toISOString(),
    });
  }
}
