import { afterEach, beforeEach, expect, test } from "vitest";
import type { ContactId } from "../src/ids.ts";
import { beginWords, searchWords } from "../src/names.ts";
import type { E164 } from "../src/phone.ts";
import { type ContactDirectory, createContactDirectory } from "../src/store/contacts.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";
import { onEachStore, type StorePlace } from "./stores.ts";

const [anna, ben] = ["co:anna", "co:ben"] as [ContactId, ContactId];
const [one, two] = ["+14155550001", "+14155550002"] as [E164, E164];

test.each([
  ["Ann Łódź", ["ann", "lodz"]],
  ["  O'Brien-Ñandú, STRASSE Straße ", ["o", "brien", "nandu", "strasse"]],
  ["王小明", ["王小明"]],
  ["Ærø", ["aero"]],
  ["a b c d e f g h i j", ["a", "b", "c", "d", "e", "f", "g", "h"]],
  ["%_'\"; DROP", ["drop"]],
  ["", []],
])("the words of %j are %j", (text, words) => expect(searchWords(text)).toEqual(words));

test("words are found by their beginnings, in any order", () => {
  const words = searchWords("Maria Lopez-Garcia");
  expect(["mar", "garc mar", "lopez maria", ""].map((text) => beginWords(searchWords(text), words))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["aria", "maria x", "lopezgarcia"].map((text) => beginWords(searchWords(text), words))).toEqual([
    false,
    false,
    false,
  ]);
});

onEachStore((make) => {
  let place: StorePlace;
  let store: Store;
  let directory: ContactDirectory;

  beforeEach(async () => {
    place = await make();
    store = await openStore(place.url, "default");
    directory = createContactDirectory(store, () => new Date());
  });
  afterEach(async () => {
    await store.close();
    await place[Symbol.asyncDispose]();
  });

  const idsOf = async (text: string) => (await directory.named(searchWords(text))).contacts.map(({ id }) => id);
  const see = (contactId: ContactId, phoneNumber: E164 | null, names: object = {}, at = Date.now()) =>
    directory.learn([{ contactId, phoneNumber, source: "READ", ...names }], new Date(at));

  test("a contact is found by the words of its name, until it has another one or is deleted", async () => {
    await see(anna, one, { firstName: "Anna", lastName: "Łukasz" });
    await see(ben, two, { displayName: "Ben Anders" });
    expect(await idsOf("an")).toEqual([ben, anna]);
    expect(await idsOf("lukasz AN")).toEqual([anna]);
    await see(anna, one, { displayName: "Zoë" }, Date.now() + 1);
    expect([await idsOf("anna"), await idsOf("zoe")]).toEqual([[], [anna]]);
    await directory.forget([anna, ben], new Date(Date.now() + 2));
    expect([await idsOf("zoe"), await idsOf("b")]).toEqual([[], []]);
    expect(await store.count("contact-by-word")).toBe(0);
  });

  test("an observation without names leaves the known one", async () => {
    await see(anna, one, { displayName: "Anna" });
    await see(anna, two, {}, Date.now() + 1);
    expect((await directory.named(["anna"])).contacts).toEqual([{ id: anna, phoneNumber: two, name: "Anna" }]);
    await see(anna, two, { displayName: null, firstName: null, lastName: null, businessName: null }, Date.now() + 2);
    expect(await idsOf("anna")).toEqual([]);
  });

  test("numbers are found by their beginning", async () => {
    await see(anna, one, { displayName: "Anna" });
    await see(ben, "+12025550101" as E164);
    expect((await directory.numbered("+1415")).contacts.map(({ id }) => id)).toEqual([anna]);
    expect((await directory.numbered("+1")).contacts.map(({ id }) => id)).toEqual([ben, anna]);
    expect(await directory.numbered("+49")).toEqual({ contacts: [], isComplete: true });
  });

  test("of very many, a thousand are looked at, and that is said", async () => {
    const contacts = Array.from({ length: 1_100 }, (_, at) => ({
      contactId: `co:${at}` as ContactId,
      phoneNumber: `+1415555${1_000 + at}` as E164,
      displayName: `Smith Number ${at}`,
      source: "READ" as const,
    }));
    await directory.learn(contacts);
    const found = await directory.named(["smith"]);
    expect([found.contacts.length, found.isComplete]).toEqual([1_000, false]);
    // The last of all Smiths: another word finds her, whichever is longer.
    const last = await directory.named(["smith", "999"]);
    expect([last.contacts.map(({ id }) => id), last.isComplete]).toEqual([["co:999"], true]);
  });
});
