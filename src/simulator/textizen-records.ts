import type {
  Campaign,
  Mailing,
  Option,
  Participant,
  Poll,
  PollResponse,
  Question,
  TextizenGroup,
  World,
} from "./world.ts";

// Answers in their default shape: rows for lists, details for reads by id. textizen-shapes.ts gives them other shapes.

export function participantRow({ id, name, phone_number, is_masked }: Participant): object {
  return { id, name, phone_number: showNumber(phone_number, is_masked) };
}

export function participantDetail(world: World, participant: Participant): object {
  const { subscribed, created_at, campaign_id, group_ids } = participant;
  const groups = group_ids.map((id) => world.textizenGroups.get(id)).filter((group) => group !== undefined);
  return { ...participantRow(participant), subscribed, created_at, campaign_id, groups: groups.map(groupRow) };
}

export function groupRow({ id, name }: TextizenGroup): object {
  return { id, name };
}

export function groupDetail(world: World, group: TextizenGroup): object {
  const participants: object[] = [];
  for (const participant of world.participants.values()) {
    if (participant.group_ids.includes(group.id)) {
      participants.push(participantRow(participant));
    }
  }
  return { ...groupRow(group), created_at: group.created_at, participants };
}

export function campaignRow({ id, title }: Campaign): object {
  return { id, title };
}

export function pollRow({ id, title, language, active, public: isPublic, campaign_id }: Poll): object {
  return { id, title, language, active, public: isPublic, campaign_id };
}

export function pollDetail(world: World, poll: Poll): object {
  const { questions, phone, confirmation, error_message, type, created_at, start_date, end_date } = poll;
  return {
    ...pollRow(poll),
    phone,
    confirmation,
    error_message,
    type,
    created_at,
    start_date,
    end_date,
    questions: questions.map(presentQuestion),
    response_sequences: presentSequences(world, poll),
  };
}

function presentQuestion(question: Question): object {
  return { question: { ...question, options: question.options.map(presentOption) } };
}

function presentOption({ id, text, value, followups }: Option): object {
  const nested = followups.length === 0 ? {} : { followup_questions: followups.map(presentQuestion) };
  return { option: { id, text, value, ...nested } };
}

/** One sequence per participant: what that person answered, in order. */
function presentSequences(world: World, poll: Poll): object[] {
  const byParticipant = new Map<number, PollResponse[]>();
  for (const response of world.responses.values()) {
    if (response.poll_id === poll.id) {
      const answers = byParticipant.get(response.participant_id);
      if (answers === undefined) {
        byParticipant.set(response.participant_id, [response]);
      } else {
        answers.push(response);
      }
    }
  }
  return Array.from(byParticipant, ([participantId, answers]) => ({
    from: senderOf(world, participantId),
    last_response_created: answers.at(-1)?.created_at ?? null,
    responses: answers.map((answer) => responseOf(world, poll, answer)),
  }));
}

/** One answer as it appears in its poll and in the webhook's report. */
export function responseOf(world: World, poll: Poll, answer: PollResponse): object {
  return {
    id: answer.id,
    question_id: answer.question_id,
    response: answer.response,
    participant_id: answer.participant_id,
    from: senderOf(world, answer.participant_id),
    to: poll.phone,
    created_at: answer.created_at,
    match: answer.option_id === null ? null : { id: answer.option_id },
  };
}

export function responseDetail(world: World, answer: PollResponse): object {
  return {
    id: answer.id,
    response: answer.response,
    question_id: answer.question_id,
    poll_id: answer.poll_id,
    participant_id: answer.participant_id,
    from: senderOf(world, answer.participant_id),
    created_at: answer.created_at,
    match: answer.option_id === null ? null : { id: answer.option_id },
  };
}

export function mailingRow({ id, poll_id, send_at, group_ids, phone_numbers_list }: Mailing): object {
  return { id, poll_id, send_at, group_ids, phone_numbers_list };
}

export function mailingDetail(mailing: Mailing): object {
  return { ...mailingRow(mailing), created_at: mailing.created_at };
}

function senderOf(world: World, participantId: number): string | null {
  const participant = world.participants.get(participantId);
  return participant === undefined ? null : showNumber(participant.phone_number, participant.is_masked);
}

function showNumber(number: string, isMasked: boolean): string {
  return isMasked ? `*******${number.slice(-4)}` : number;
}
