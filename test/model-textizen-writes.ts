import {
  type Choice,
  GROUP,
  given,
  holderOf,
  type Model,
  need,
  no,
  numberAt,
  type Participant,
  participantOf,
  pick,
  showGroup,
  showParticipant,
  type Write,
  type Writes,
  yes,
} from "./model.ts";

const groupAt = (model: Model, at: number): string => pick(model.groups.keys(), at, "group:999");
const participantAt = (model: Model, at: number): string => pick(model.participants.keys(), at, "participant:999");

/** Textizen's mutations, and what each does to the model. */
export const TEXTIZEN_WRITES = {
  createTextizenGroup: (model: Model, choice: Choice): Write => {
    const name = choice.name ?? "Group";
    return {
      input: { name },
      selection: `group { ${GROUP} }`,
      carryOut: (answered) => {
        if (name === "") {
          return no("INVALID_INPUT", "group");
        }
        const id = need(answered, "group");
        model.groups.set(id, { name });
        return yes({ group: showGroup(model, id) });
      },
    };
  },
  updateTextizenGroup: (model: Model, choice: Choice): Write => {
    const id = groupAt(model, choice.at);
    const name = choice.name ?? "Renamed";
    return {
      input: { id, name },
      selection: `group { ${GROUP} }`,
      carryOut: () => {
        if (name === "" || !model.groups.has(id)) {
          return no(name === "" ? "INVALID_INPUT" : "NOT_FOUND", "group");
        }
        model.groups.set(id, { name });
        return yes({ group: showGroup(model, id) });
      },
    };
  },
  createParticipant: (model: Model, choice: Choice): Write => {
    const phoneNumber = numberAt(choice.number);
    const name = choice.name ?? "Somebody";
    return {
      input: { phoneNumber, name },
      selection: `participant { ${participantOf(model.campaignId)} }`,
      carryOut: (answered) => {
        if (name === "") {
          return no("INVALID_INPUT", "participant");
        }
        const id = holderOf(model.participants, phoneNumber) ?? need(answered, "participant");
        if (!model.participants.has(id)) {
          model.participants.set(id, { phoneNumber, name, groupIds: [], tokens: new Map() });
        }
        return yes({ participant: showParticipant(model, id) });
      },
    };
  },
  updateParticipant: (model: Model, choice: Choice): Write => {
    const id = participantAt(model, choice.at);
    const phoneNumber = choice.number === undefined ? undefined : numberAt(choice.number);
    return {
      input: given({ id, phoneNumber, name: choice.name }),
      selection: `participant { ${participantOf(model.campaignId)} }`,
      carryOut: () => {
        if (phoneNumber === undefined && choice.name === undefined) {
          return no("INVALID_INPUT", "participant");
        }
        const holder = holderOf(model.participants, phoneNumber);
        if (model.participants.has(id) && holder !== null && holder !== id) {
          return no("ALREADY_EXISTS", "participant");
        }
        const name = choice.name === undefined ? {} : { name: choice.name || null };
        const isThere = changeParticipant(model, id, () => ({ ...(phoneNumber && { phoneNumber }), ...name }));
        return isThere ? yes({ participant: showParticipant(model, id) }) : no("NOT_FOUND", "participant");
      },
    };
  },
  addParticipantToGroup: (model: Model, choice: Choice): Write =>
    changeMembership(model, choice, (groupIds, id) => [...new Set([...groupIds, id])]),
  removeParticipantFromGroup: (model: Model, choice: Choice): Write =>
    changeMembership(model, choice, (groupIds, id) => groupIds.filter((each) => each !== id)),
  setParticipantTokens: (model: Model, choice: Choice): Write => {
    const key = `key${choice.other % 2}`;
    const value = choice.name || "value";
    return changeTokens(model, choice, { tokens: [{ key, value }] }, (tokens) => new Map([...tokens, [key, value]]));
  },
  removeParticipantTokens: (model: Model, choice: Choice): Write => {
    const key = `key${choice.other % 2}`;
    return changeTokens(
      model,
      choice,
      { keys: [key] },
      (tokens) => new Map([...tokens].filter(([each]) => each !== key)),
    );
  },
} satisfies Writes;

function changeParticipant(model: Model, id: string, change: (now: Participant) => Partial<Participant>): boolean {
  const participant = model.participants.get(id);
  if (participant === undefined) {
    return false;
  }
  model.participants.set(id, { ...participant, ...change(participant) });
  return true;
}

function changeMembership(
  model: Model,
  { at, other }: Choice,
  change: (groupIds: readonly string[], groupId: string) => readonly string[],
): Write {
  const participantId = participantAt(model, at);
  const groupId = groupAt(model, other);
  return {
    input: { participantId, groupId },
    selection: `participant { ${participantOf(model.campaignId)} } group { ${GROUP} }`,
    carryOut: () => {
      const isDone =
        model.groups.has(groupId) &&
        changeParticipant(model, participantId, ({ groupIds }) => ({ groupIds: change(groupIds, groupId) }));
      return isDone
        ? yes({ participant: showParticipant(model, participantId), group: showGroup(model, groupId) })
        : no("NOT_FOUND", "participant", "group");
    },
  };
}

function changeTokens(
  model: Model,
  { at }: Choice,
  input: object,
  change: (tokens: Participant["tokens"]) => Participant["tokens"],
): Write {
  const participantId = participantAt(model, at);
  return {
    input: { participantId, campaignId: model.campaignId, ...input },
    selection: `tokens { key value } participant { ${participantOf(model.campaignId)} }`,
    carryOut: () => {
      const isDone = changeParticipant(model, participantId, ({ tokens }) => ({ tokens: change(tokens) }));
      const tokens = [...(model.participants.get(participantId)?.tokens ?? [])].map(([key, value]) => ({ key, value }));
      return isDone
        ? yes({ tokens, participant: showParticipant(model, participantId) })
        : no("NOT_FOUND", "tokens", "participant");
    },
  };
}
