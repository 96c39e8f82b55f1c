import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ImportSurroundings, runImport } from "../src/commands/import-contacts.ts";
import { PlatformError } from "../src/errors.ts";
import type { ContactId } from "../src/ids.ts";
import { type E164, parseE164 } from "../src/phone.ts";
import { importContacts } from "../src/store/contact-import.ts";
import { type ContactDirectory, createContactDirectory } from "../src/store/contacts.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";
import { onEachStore, type StorePlace } from "./stores.ts";

onEachStore((make) => {
  let folder: string;
  let place: StorePlace;
  let csv: string;
  let store: Store;
  let directory: ContactDirectory;
  let clock: number;
  /** Ids in the order in which they were read, and when. */
  let reads: { id: string; at: number }[];
  let numbers: Map<string, string>;
  let broken: Set<string>;
  let server: Server;
  let written: string[];
  let complained: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "textgraph-import-"));
    csv = join(folder, "ids.csv");
    place = await make();
    store = await openStore(place.url, "default");
    clock = Date.UTC(2026, 0, 1);
    directory = createContactDirectory(store, now);
    [reads, numbers, broken, written, complained] = [[], new Map(), new Set(), [], []];
    server = createServer((request, response) => {
      const id = decodeURIComponent(request.url ?? "").slice(1);
      response.statusCode = broken.has(id) ? 500 : numbers.has(id) ? 200 : 404;
      response.end(numbers.get(id));
    }).listen(0, "127.0.0.1");
    await new Promise((listening) => server.once("listening", listening));
  });

  afterEach(async () => {
    await store.close();
    await place[Symbol.asyncDispose]();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    rmSync(folder, { recursive: true });
  });

  function now(): Date {
    return new Date(clock);
  }

  async function read(id: ContactId): Promise<{ id: ContactId; phoneNumber: E164 | null } | null> {
    reads.push({ id, at: clock });
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/${encodeURIComponent(id)}`);
    const text = await response.text();
    if (response.status === 500) {
      throw new PlatformError("PIDJ", "unreachable", "GET /contact/{id} answered 500");
    }
    return response.ok ? { id, phoneNumber: parseE164(text) } : null;
  }

  function run(args: string[] = [], changes: Partial<ImportSurroundings> = {}): Promise<number> {
    [written, complained] = [[], []];
    return runImport([csv, ...args], {
      readContact: read,
      directory,
      now,
      wait: async (milliseconds) => {
        clock += milliseconds;
      },
      stdout: {
        write: (text) => written.push(text),
      },
      stderr: {
        write: (text) => complained.push(text),
      },
      ...changes,
    });
  }

  /** So many contacts at Pidj, each with a number of its own, and the file that names them. */
  function people(count: number): ContactId[] {
    const ids = Array.from({ length: count }, (_, index) => `co:${1_000 + index}` as ContactId);
    for (const id of ids) {
      numbers.set(id, `+1415555${id.slice(3)}`);
    }
    writeFileSync(csv, `${ids.join("\n")}\n`);
    return ids;
  }

  function readIds(): string[] {
    return reads.map(({ id }) => id);
  }

  describe("the import", () => {
    test("links each number to its contact and says that it was imported", async () => {
      const ids = people(45);
      expect(await run()).toBe(0);
      const links = await directory.links([...numbers.values()] as E164[]);
      expect(links.map(({ state, source }) => `${state} ${source}`)).toEqual(ids.map(() => "LINKED IMPORTED"));
      expect(links.map(({ candidateIds }) => candidateIds[0])).toEqual(ids);
      expect(written.join("")).toContain("45 learned, 0 unknown to Pidj, 0 failed, 0 not read yet.");
    });

    test.each<[contacts: number, args: string[], opening: string]>([
      [1, [], "1 contact to read: less than a minute\n"],
      [2, [], "2 contacts to read: less than a minute\n"],
      [90, ["--per-second", "1"], "90 contacts to read: about 2 min at 1 a second\n"],
    ])("says how long it will take to read %i: %j", async (contacts, args, opening) => {
      people(contacts);
      expect(await run(args)).toBe(0);
      expect(written[0]).toBe(opening);
    });

    test("keeps a contact without a usable number and forgets one that is gone", async () => {
      const [first, second] = people(2) as [ContactId, ContactId];
      await directory.learn([{ contactId: second, phoneNumber: "+14155550009" as E164, source: "READ" }]);
      clock += 1_000;
      numbers.set(first, "(415) 555-1212");
      numbers.delete(second);
      expect(await run()).toBe(0);
      expect(await directory.page({ limit: 10 })).toEqual([first]);
      expect(written.join("")).toContain("1 learned, 1 unknown to Pidj, 0 failed");
    });

    test("yields to what was seen while it was reading", async () => {
      const [id] = people(1) as [ContactId];
      const newer = "+14155550009" as E164;
      await run([], {
        readContact: async (id) => {
          const contact = await read(id);
          clock += 1_000;
          await directory.learn([{ contactId: id, phoneNumber: newer, source: "WRITTEN" }]);
          clock += 1_000;
          return contact;
        },
      });
      expect(await directory.links([newer])).toMatchObject([{ source: "WRITTEN", candidateIds: [id] }]);
    });

    test("begins no more reads in a second than it may", async () => {
      people(30);
      await run(["--per-second", "5"]);
      const start = reads[0]?.at ?? 0;
      expect(reads.map(({ at }) => at - start)).toEqual(reads.map((_, index) => index * 200));
    });

    test("has no more reads under way than it may", async () => {
      const ids = people(40);
      let [underWay, most] = [0, 0];
      await importContacts({
        ids,
        directory,
        now,
        concurrency: 3,
        read: async (id) => {
          underWay += 1;
          most = Math.max(most, underWay);
          const contact = await read(id);
          underWay -= 1;
          return contact;
        },
      });
      expect(most).toBe(3);
      expect(reads).toHaveLength(40);
    });

    test("ends at once where it is stopped between two reads that lie far apart", async () => {
      const ids = people(2);
      const stop = new AbortController();
      const outcome = await importContacts({
        ids,
        directory,
        now: () => new Date(),
        concurrency: 1,
        perSecond: 0.001,
        signal: stop.signal,
        read: async (id) => {
          setImmediate(() => stop.abort());
          return read(id);
        },
      });
      expect(outcome).toMatchObject({ ended: "aborted", done: 1, learned: 1 });
    });

    test("draws a bar on a terminal and writes plain lines elsewhere", async () => {
      people(40);
      const terminal: string[] = [];
      await run([], { stdout: { isTTY: true, write: (text) => terminal.push(text) } });
      expect(terminal).toContain(`\r\u001B[K${"█".repeat(15)}${"░".repeat(15)} 20 of 40`);
      expect(terminal).toContain(`\r\u001B[K${"█".repeat(30)} 40 of 40\n`);
      await run();
      expect(written.join("")).toContain("20 of 40\n40 of 40\n");
      expect(written.join("")).not.toMatch(/[\r█]/);
    });
  });

  describe("an import that was stopped", () => {
    test("says how to go on, and goes on behind what it has read", async () => {
      const ids = people(50);
      const stop = new AbortController();
      const readUntil = (last: number) => (id: ContactId) => {
        if (reads.length === last) {
          stop.abort();
        }
        return read(id);
      };
      expect(await run([], { readContact: readUntil(27), signal: stop.signal })).toBe(1);
      expect(complained.join("")).toBe("Stopped. Run the same command again to go on.\n");
      expect(reads).toHaveLength(28);
      expect(await directory.count()).toBe(28);
      expect(await run()).toBe(0);
      expect(written.join("")).toContain("22 contacts to read, going on after 28 of 50");
      expect(readIds()).toEqual(ids);
      expect(existsSync(`${csv}.progress`)).toBe(false);
    });

    test("by a crash reads one batch again at most", async () => {
      const ids = people(50);
      const crash = run([], {
        directory: {
          ...directory,
          learn: async (...args) => {
            if (reads.length > 30) {
              throw new Error("power cut");
            }
            await directory.learn(...args);
          },
        },
      });
      await expect(crash).rejects.toThrow("power cut");
      const before = reads.length;
      expect(await run()).toBe(0);
      expect(new Set(readIds())).toEqual(new Set(ids));
      expect(reads.length - ids.length).toBeLessThanOrEqual(20);
      expect(before).toBe(40);
    });

    test("begins anew for --restart, and for a file that changed", async () => {
      const ids = people(50);
      const stopHalfway = () => {
        const stop = new AbortController();
        const readContact = (id: ContactId) => {
          if (id === ids[30]) {
            stop.abort();
          }
          return read(id);
        };
        return run([], { signal: stop.signal, readContact });
      };
      await stopHalfway();
      expect(statSync(`${csv}.progress`).mode & 0o777).toBe(0o600);
      reads = [];
      await run(["--restart"]);
      expect(readIds()).toEqual(ids);
      await stopHalfway();
      writeFileSync(csv, [...ids].reverse().join("\n"));
      reads = [];
      await run();
      expect(readIds()).toEqual([...ids].reverse());
    });
  });

  describe("ids that fail", () => {
    test("are listed with the reason, make the exit code 1, and alone are tried again", async () => {
      const ids = people(45);
      broken = new Set(["co:1003", "co:1042"]);
      expect(await run()).toBe(1);
      expect(complained.join("")).toContain(
        "co:1003 could not be read: GET /contact/{id} answered 500\nco:1042 could not",
      );
      expect(complained.join("")).toContain(
        "2 contacts could not be read. Run the same command again to try these once more.",
      );
      expect(await directory.count()).toBe(43);

      const stop = new AbortController();
      const readOne = (id: ContactId) => {
        stop.abort();
        return read(id);
      };
      [reads, broken] = [[], new Set(["co:1042"])];
      expect(await run([], { readContact: readOne, signal: stop.signal })).toBe(1);
      expect(readIds()).toEqual(["co:1003"]);

      reads = [];
      expect(await run()).toBe(1);
      expect(readIds()).toEqual(["co:1042"]);

      [reads, broken] = [[], new Set()];
      expect(await run()).toBe(0);
      expect(readIds()).toEqual(["co:1042"]);
      expect(await directory.count()).toBe(ids.length);
    });

    test("one after the other end the import before it has tried them all, and nothing is lost", async () => {
      const ids = people(100);
      broken = new Set(ids.slice(30));
      expect(await run()).toBe(1);
      expect(complained.join("")).toContain("Stopped, because one read after the other failed.");
      expect(reads.length).toBeLessThan(60);
      broken = new Set();
      expect(await run()).toBe(0);
      expect(await directory.count()).toBe(100);
    });
  });
});
