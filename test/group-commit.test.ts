import { expect, test } from "vitest";
import { GroupCommit } from "../src/store/group-commit.ts";
import type { Change } from "../src/store/store.ts";

const change = (key: string): Change => ({ table: "version", key, becomes: "1" });

/** The transactions that were written: their keys, and whether they were durable. */
function createCommits(write: (key: string) => boolean = () => true) {
  const transactions: [keys: string[], durable: boolean][] = [];
  const commits = new GroupCommit(async (sets, durable) => {
    transactions.push([sets.map((changes) => changes.map(({ key }) => key).join("+")), durable]);
    return sets.map(([first]) => write(first?.key ?? ""));
  });
  return { commits, transactions };
}

test("the first commit of a turn is written at once, the others in one transaction, each with its own outcome", async () => {
  const { commits, transactions } = createCommits((key) => key !== "lost");

  const written = ["a", "lost", "b"].map((key, at) => commits.add([change(key), change("x")], at === 2));
  expect(transactions).toEqual([[["a+x"], false]]);
  expect(await Promise.all(written)).toEqual([true, false, true]);
  // One that must be durable makes its transaction so.
  expect(transactions).toEqual([
    [["a+x"], false],
    [["lost+x", "b+x"], true],
  ]);

  await commits.add([change("later")], true);
  expect(transactions.at(-1)).toEqual([["later"], true]);
});

test("a transaction that fails fails its own sets only", async () => {
  const { commits } = createCommits((key) => {
    if (key === "bad") {
      throw new Error("disk");
    }
    return true;
  });
  const [first, second, third] = [
    commits.add([change("a")], true),
    commits.add([change("b")], true),
    commits.add([change("bad")], true),
  ];
  await expect(first).resolves.toBe(true);
  await expect(second).rejects.toThrow("disk");
  await expect(third).rejects.toThrow("disk");
  await expect(commits.add([change("c")], true)).resolves.toBe(true);
});

test("no transaction has more than 500 changes, unless one set has", async () => {
  const { commits, transactions } = createCommits();
  const set = (count: number) => Array.from({ length: count }, (_, at) => change(String(at)));
  const sizes = [1, 200, 200, 200, 900, 1];
  await Promise.all(sizes.map((size) => commits.add(set(size), false)));
  expect(transactions.map(([keys]) => keys.map((set) => set.split("+").length))).toEqual([
    [1],
    [200, 200],
    [200],
    [900],
    [1],
  ]);
});

test("idle waits for what is under way", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let done = false;
  const commits = new GroupCommit(async (sets) => {
    await held;
    return sets.map(() => true);
  });
  void commits.add([change("a")], true);
  void commits.add([change("b")], true);
  const idle = commits.idle().then(() => {
    done = true;
  });
  await new Promise(setImmediate);
  expect(done).toBe(false);
  release();
  await idle;
});
