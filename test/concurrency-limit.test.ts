import { expect, test } from "vitest";
import { ConcurrencyLimit } from "../src/loaders/concurrency-limit.ts";
import { DetailWidth } from "../src/loaders/detail-width.ts";

/** A width that a test chooses. */
function widthOf(width: number): DetailWidth {
  return Object.create(new DetailWidth(), { width: { value: width } });
}

test("so many run at once, the others in their order, and who fails makes room as well", async () => {
  const limit = new ConcurrencyLimit(widthOf(2));
  const begun: number[] = [];
  const calls = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const results = calls.map(({ promise }, at) =>
    limit.run(() => {
      begun.push(at);
      return promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  calls[1]?.reject(new Error("down"));
  await expect(results[1]).rejects.toThrow("down");
  expect(begun).toEqual([0, 1, 2]);
  calls[0]?.resolve(10);
  expect(await results[0]).toBe(10);
  expect(begun).toEqual([0, 1, 2, 3]);
  for (const [at, { resolve }] of calls.entries()) {
    resolve(at * 10);
  }
  expect(await Promise.allSettled(results)).toHaveLength(5);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});
