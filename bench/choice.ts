import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { Versions } from "../src/freshness/versions.ts";
import { makeId } from "../src/ids.ts";
import { DetailWidth } from "../src/loaders/detail-width.ts";
import { KeptListing } from "../src/loaders/list-view.ts";
import { ReadChoice } from "../src/loaders/read-choice.ts";
import { createTextizenLists, TextizenLoaders } from "../src/loaders/textizen.ts";
import { ReadScope } from "../src/rest/calls.ts";
import { KeptDetails } from "../src/rest/kept-details.ts";
import { createTextizenClient } from "../src/textizen/client.ts";
import { type Platforms, startPlatforms } from "./platforms.ts";
import { PLATFORM_PORT } from "./servers.ts";
import { PARTICIPANTS } from "./world.ts";

// How long some participants take to be read: always by id, always by their list, and by the choice that the server
// makes of what it has measured. The table goes to CHOICE.md.
//
//   node bench/choice.ts

const RECORDS = [1, 2, 5, 10, 30, 100] as const;
const ROWS = [100, 10_000, 100_000] as const;
const LATENCIES = [0, 20] as const;
/** Operations of all sizes that the choice has seen before it is measured. */
const LESSONS = 10;
/** Of each way, at most; fewer where they take long. */
const RUNS = 80;
const MOST_MILLISECONDS = 1_200;
const FEWEST_RUNS = 5;

interface Cell {
  readonly rows: number;
  readonly latency: number;
  readonly records: number;
  /** Median milliseconds. */
  readonly byId: number;
  readonly byList: number;
  readonly chosen: number;
  /** Of the choice's time to that of the better fixed way, measured beside it. */
  readonly ratio: number;
  /** Share of the runs in which the choice was the list. */
  readonly lists: number;
}

const client = createTextizenClient({
  baseUrl: `http://127.0.0.1:${PLATFORM_PORT}/textizen`,
  credentials: { authToken: "bench" },
  tokenIn: "body",
  timeouts: { readMilliseconds: 30_000 },
});

type Reader = (records: number) => Promise<number>;

/** A way to read some participants, nothing kept from the time before; gives the milliseconds. */
function createReader(choose: ConstructorParameters<typeof KeptListing>[3]): Reader {
  const keeping = { versions: new Versions(), snapshotMilliseconds: 0, staleMilliseconds: 0, width: new DetailWidth() };
  const isSuspended = () => false;
  const route = "GET /api/participants";
  const list = { ...keeping, name: "participants", platform: "TEXTIZEN", route, isSuspended } as const;
  const lists = {
    ...createTextizenLists(client, keeping),
    participants: new KeptListing(list, client.participants, {}, choose),
  };
  return async (records) => {
    const scope = new ReadScope({
      signal: new AbortController().signal,
      deadline: () => Number.POSITIVE_INFINITY,
      isFresh: false,
      record: () => undefined,
    });
    const began = performance.now();
    const { participant } = new TextizenLoaders(client, lists, scope, {
      details: new KeptDetails({ versions: keeping.versions, milliseconds: 0 }),
      width: keeping.width,
      onKept: () => undefined,
    });
    const first = Math.floor(Math.random() * (PARTICIPANTS - records + 1)) + 1;
    await Promise.all(
      Array.from({ length: records }, (_, index) => participant.row(makeId("Participant", String(first + index)))),
    );
    return performance.now() - began;
  };
}

class FixedChoice extends ReadChoice {
  readonly isList: boolean;

  constructor(list: ConstructorParameters<typeof ReadChoice>[0], isList: boolean) {
    super(list, () => performance.now());
    this.isList = isList;
  }

  override prefersList(): boolean {
    return this.isList;
  }
}

/** Counts how often it takes the list. */
class WatchedChoice extends ReadChoice {
  readonly calls: { lists: number; all: number };

  constructor(list: ConstructorParameters<typeof ReadChoice>[0], calls: { lists: number; all: number }) {
    super(list, () => performance.now());
    this.calls = calls;
  }

  override prefersList(records: number): boolean {
    const isList = super.prefersList(records);
    this.calls.lists += isList ? 1 : 0;
    this.calls.all += 1;
    return isList;
  }
}

async function measure(rows: number, latency: number): Promise<Cell[]> {
  const calls = { lists: 0, all: 0 };
  const byId = createReader((list) => new FixedChoice(list, false));
  const byList = createReader((list) => new FixedChoice(list, true));
  const byChoice = createReader((list) => new WatchedChoice(list, calls));
  for (let lesson = 0; lesson < LESSONS; lesson += 1) {
    for (const records of shuffle(RECORDS)) {
      await byId(records);
      await byChoice(records);
    }
    await byList(1);
  }
  const cells: Cell[] = [];
  for (const records of RECORDS) {
    Object.assign(calls, { lists: 0, all: 0 });
    const beside = {
      byId: await compare(byId, byChoice, records),
      byList: await compare(byList, byChoice, records),
    };
    const better = beside.byId.fixed < beside.byList.fixed ? beside.byId : beside.byList;
    cells.push({
      rows,
      latency,
      records,
      byId: beside.byId.fixed,
      byList: beside.byList.fixed,
      chosen: better.chosen,
      ratio: better.chosen / better.fixed,
      lists: calls.lists / calls.all,
    });
  }
  return cells;
}

/**
 * Median milliseconds of a fixed way and of the choice, in turn, so that whatever else the machine does befalls both. A
 * fixed way is compared by itself: a long list leaves garbage that whatever comes next must collect.
 */
async function compare(
  fixed: Reader,
  chosen: Reader,
  records: number,
): Promise<{ readonly fixed: number; readonly chosen: number }> {
  const took = { fixed: [] as number[], chosen: [] as number[] };
  const until = performance.now() + MOST_MILLISECONDS;
  while (took.fixed.length < RUNS && (took.fixed.length < FEWEST_RUNS || performance.now() < until)) {
    const isFirst = Math.random() < 0.5;
    took.chosen.push(...(isFirst ? [await chosen(records)] : []));
    took.fixed.push(await fixed(records));
    took.chosen.push(...(isFirst ? [] : [await chosen(records)]));
  }
  return { fixed: median(took.fixed), chosen: median(took.chosen) };
}

function shuffle<Item>(items: readonly Item[]): Item[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function measureAll(platforms: Platforms): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const rows of ROWS) {
    for (const latency of LATENCIES) {
      process.stdout.write(`${rows.toLocaleString("en")} rows, ${latency} ms\n`);
      await platforms.hold(rows, latency);
      cells.push(...(await measure(rows, latency)));
    }
  }
  return cells;
}

function writeTable(cells: readonly Cell[]): string {
  const lines = cells.map((cell) =>
    [
      cell.rows.toLocaleString("en"),
      cell.latency,
      cell.records,
      cell.byId.toPrecision(3),
      cell.byList.toPrecision(3),
      cell.chosen.toPrecision(3),
      `${Math.round(cell.lists * 100)} %`,
      cell.ratio.toFixed(2),
    ].join(" | "),
  );
  const ratios = cells.map(({ ratio }) => ratio);
  return `# Reads by id, or one list

Written by \`npm run bench:choice\`: median milliseconds until so many participants are read, where nothing is kept, in
one run. "Chosen" is what the server does after ${LESSONS * RECORDS.length} operations of all these sizes; × is its time over that of the better of
the two others. Largest ×: ${Math.max(...ratios).toFixed(2)}; median: ${median(ratios).toFixed(2)}.

${cpus()[0]?.model ?? "unknown processor"}, Node.js ${process.versions.node}

| rows of the list | latency ms | records | by id | list | chosen | of it lists | × |
| --- | --- | --- | --- | --- | --- | --- | --- |
${lines.map((line) => `| ${line} |`).join("\n")}
`;
}

await using platforms = await startPlatforms();
const table = writeTable(await measureAll(platforms));
await client.close();
writeFileSync(join(import.meta.dirname, "CHOICE.md"), table);
process.stdout.write(table);
