import fc from "fast-check";
import { expect, test } from "vitest";
import type { ContactId } from "../src/ids.ts";
import { type E164, parseE164 } from "../src/phone.ts";
import { type ContactDirectory, createContactDirectory } from "../src/store/contacts.ts";
import { openStore } from "../src/store/open.ts";
import { onEachStore } from "./stores.ts";

const HOUR = 3_600_000;
const noon = Date.UTC(2026, 0, 1, 12);

/** What a contact is at its newest observation: with a number (or none), or deleted. */
type State = { readonly at: number; readonly phoneNumber: E164 | null; readonly isDeleted: boolean };

function settle(truth: Map<ContactId, State>, id: ContactId, state: State): void {
  const old = truth.get(id);
  const isNewer = old === undefined || state.at > old.at;
  const winsTie = old !== undefined && state.at === old.at && (state.isDeleted || !old.isDeleted);
  if (isNewer || winsTie) {
    truth.set(id, state);
  }
}

async function expectTruth(directory: ContactDirectory, truth: Map<ContactId, State>, numbers: readonly E164[]) {
  const known = [...truth].filter(([, { isDeleted }]) => !isDeleted).sort(([a], [b]) => (a < b ? -1 : 1));
  const holders = new Map(numbers.map((number) => [number, [] as ContactId[]]));
  for (const [id, { phoneNumber }] of known) {
    holders.get(phoneNumber ?? ("" as E164))?.push(id);
  }
  const links = await directory.links(numbers);
  expect(links.map(({ candidateIds }) => candidateIds)).toEqual([...holders.values()]);
  expect(links.map(({ state }) => state)).toEqual(
    [...holders.values()].map(({ length }) => (length === 0 ? "UNKNOWN" : length === 1 ? "LINKED" : "AMBIGUOUS")),
  );
  expect(await directory.page({ limit: truth.size + 1 })).toEqual(known.map(([id]) => id));
  expect(await directory.count()).toBe(known.length);
}

onEachStore((make) => {
  test("10,000 people with shared, changing, unusable numbers and deletions, seen in any order, are never confused", async () => {
    await using place = await make();
    let store = await openStore(place.url, "default");
    const directory = createContactDirectory(store, () => new Date());
    const random = seeded(20_260_101);
    const pick = (limit: number) => Math.floor(random() * limit);
    const numbers = Array.from({ length: 9_000 }, (_, index) => `+1415${5_000_000 + index}` as E164);
    const noise = ["(415) 555-1212", "4155551212", "5551212", "*******1212", "", "+0123", "14155551212"];
    const ids = Array.from({ length: 10_000 }, (_, index) => `co:${index.toString(36)}-${pick(1e9)}` as ContactId);
    const truth = new Map<ContactId, State>();

    // Each reading sees some people at one time; who is deleted is not seen again later.
    const readings = Array.from({ length: 500 }, (_, turn) => {
      const at = noon + turn * 1_000;
      const seen = Array.from({ length: 50 }, () => ids[pick(ids.length)] as ContactId).filter(
        (id) => !truth.get(id)?.isDeleted,
      );
      const isDeletion = pick(20) === 0;
      const people = [...new Set(seen)].map((contactId) => {
        const old = truth.get(contactId);
        const text = pick(8) === 0 ? (noise[pick(noise.length)] ?? "") : (numbers[pick(numbers.length)] ?? "");
        const phoneNumber = old !== undefined && pick(2) === 0 ? old.phoneNumber : parseE164(text);
        settle(truth, contactId, { at, phoneNumber, isDeleted: isDeletion });
        return { contactId, phoneNumber, source: "READ" as const };
      });
      return { at: new Date(at), people, isDeletion };
    });
    const shuffled = readings.map((reading) => ({ reading, place: random() })).sort((a, b) => a.place - b.place);

    for (let start = 0; start < shuffled.length; start += 10) {
      await Promise.all(
        shuffled.slice(start, start + 10).map(({ reading: { at, people, isDeletion } }) =>
          isDeletion
            ? directory.forget(
                people.map(({ contactId }) => contactId),
                at,
              )
            : directory.learn(people, at),
        ),
      );
    }
    await expectTruth(directory, truth, numbers);

    await store.close();
    store = await openStore(place.url, "default");
    await expectTruth(
      createContactDirectory(store, () => new Date()),
      truth,
      numbers,
    );
    await store.close();
  });
});

test("whatever is learned, listed and forgotten in whatever order, the newest observation of each contact holds", async () => {
  const ids = ["co:anna", "co:ben", "co:carla"] as ContactId[];
  const numbers = ["+14155550001", "+14155550002"] as E164[];
  const at = fc.integer({ min: 0, max: 8 }).map((quarter) => noon + (quarter * HOUR) / 4);
  const id = fc.constantFrom(...ids);
  const phoneNumber = fc.constantFrom(...numbers, null);
  const people = fc.uniqueArray(fc.record({ id, phoneNumber }), { selector: (person) => person.id });
  const step = fc.record({ kind: fc.constantFrom("learn", "list", "forget"), at, people });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const memory = await openStore("sqlite::memory:", "default");
      const directory = createContactDirectory(memory, () => new Date(noon));
      const truth = new Map<ContactId, State>();
      for (const { kind, at, people } of steps) {
        const time = new Date(at);
        if (kind === "learn") {
          const observations = people.map(
            ({ id, phoneNumber }) => ({ contactId: id, phoneNumber, source: "READ" }) as const,
          );
          await directory.learn(observations, time);
        } else if (kind === "list") {
          await directory.learnList(people, time);
        } else {
          await directory.forget(
            people.map(({ id }) => id),
            time,
          );
        }
        for (const { id, phoneNumber } of people) {
          settle(truth, id, { at, phoneNumber, isDeleted: kind === "forget" });
        }
        const unlisted = kind === "list" ? ids.filter((id) => people.every((person) => person.id !== id)) : [];
        for (const id of unlisted.filter((id) => truth.get(id)?.isDeleted === false)) {
          settle(truth, id, { at, phoneNumber: null, isDeleted: true });
        }
        await expectTruth(directory, truth, numbers);
      }
      await memory.close();
    }),
    { numRuns: 200 },
  );
});

/** Mulberry32: the same figures on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
