import type { Contact, Participant, World } from "../src/simulator/world.ts";

/** Who has which number beyond doubt, both ways: ids in their order. */
export interface Truth {
  readonly contacts: ReadonlyMap<string, readonly string[]>;
  readonly participants: ReadonlyMap<string, readonly string[]>;
  /** Every number that somebody has. */
  readonly numbers: readonly string[];
}

/**
 * Puts noise into the numbers of a world, and keeps beside it what each record's number is. What that is, is decided
 * where the number is written, so that no reader of numbers is asked for the truth.
 */
export class NoisyPeople {
  /** By the graph's id; null for a record whose number is unclear. Who is deleted is not in it. */
  readonly numberOf = new Map<string, string | null>();
  readonly #world: World;
  readonly #pick: (limit: number) => number;
  readonly #numbers: readonly string[];

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#pick = seeded(seed);
    for (const contact of world.contacts.values()) {
      this.numberOf.set(contact.id, contact.phone_number);
    }
    for (const { id, phone_number, is_masked } of world.participants.values()) {
      this.numberOf.set(`participant:${id}`, is_masked ? null : `+${phone_number}`);
    }
    this.#numbers = this.truth.numbers;
    for (const contact of [...world.contacts.values()]) {
      this.#blurOrShareContact(contact);
    }
    for (const participant of [...world.participants.values()]) {
      this.#blurOrShareParticipant(participant);
    }
  }

  get truth(): Truth {
    const [contacts, participants] = [new Map<string, string[]>(), new Map<string, string[]>()];
    for (const [id, number] of this.numberOf) {
      const holders = id.startsWith("co:") ? contacts : participants;
      if (number !== null) {
        holders.set(number, [...(holders.get(number) ?? []), id].sort());
      }
    }
    return { contacts, participants, numbers: [...new Set([...contacts.keys(), ...participants.keys()])] };
  }

  /** One contact in seven takes another number, somebody else's perhaps, or an unclear one, or is deleted: their ids. */
  changeContacts(): string[] {
    const changed: string[] = [];
    for (const contact of [...this.#world.contacts.values()]) {
      const draw = this.#pick(20);
      if (draw === 0) {
        const taken = this.#anyNumber();
        this.#writeContact(contact, taken, taken);
      } else if (draw === 1) {
        this.#writeContact(contact, this.#blur(contact.phone_number), null);
      } else if (draw === 2) {
        this.#world.contacts.delete(contact.id);
        this.numberOf.delete(contact.id);
      } else {
        continue;
      }
      changed.push(contact.id);
    }
    return changed;
  }

  #blurOrShareContact(contact: Contact): void {
    switch (this.#pick(10)) {
      case 0: {
        // Digits with the country code are the number, with and without the plus.
        if (this.#pick(4) === 0) {
          this.#writeContact(contact, contact.phone_number.slice(1), contact.phone_number);
        } else {
          this.#writeContact(contact, this.#blur(contact.phone_number), null);
        }
        break;
      }
      case 1: {
        const shared = this.#anyNumber();
        this.#writeContact(contact, shared, shared);
      }
    }
  }

  #blurOrShareParticipant(participant: Participant): void {
    switch (this.#pick(10)) {
      case 0:
        this.#writeParticipant(participant, this.#blur(participant.phone_number), null);
        break;
      case 1: {
        const shared = this.#anyNumber();
        this.#writeParticipant(participant, shared.slice(1), shared);
        break;
      }
      case 2:
        this.#writeParticipant(participant, `+${participant.phone_number}`, `+${participant.phone_number}`);
    }
  }

  #writeContact(contact: Contact, written: string, number: string | null): void {
    this.#world.contacts.put({ ...contact, phone_number: written });
    this.numberOf.set(contact.id, number);
  }

  #writeParticipant(participant: Participant, written: string, number: string | null): void {
    this.#world.participants.put({ ...participant, phone_number: written, is_masked: false });
    this.numberOf.set(`participant:${participant.id}`, number);
  }

  #anyNumber(): string {
    return this.#numbers[this.#pick(this.#numbers.length)] ?? "";
  }

  /** The number in a form that does not say its country, or hides a part of it, or another that is a short code. */
  #blur(number: string): string {
    const [area, exchange, line] = [number.slice(-10, -7), number.slice(-7, -4), number.slice(-4)];
    const forms = [
      `(${area}) ${exchange}-${line}`,
      `${area}-${exchange}-${line}`,
      `${area}${exchange}${line}`,
      `+1 ${area} ${exchange} ${line}`,
      `*******${line}`,
      line,
      "68398",
    ];
    return forms[this.#pick(forms.length)] ?? line;
  }
}

/** Mulberry32: the same figures on every run. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
