import { defineConfig } from "vitest/config";

const CONSOLE_TESTS = "test/console*.test.ts";

export default defineConfig({
  // graphql refuses to work with two copies of itself, and its CommonJS build is the one that Apollo's packages load.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    reporters: ["default", "./test/skipped.ts"],
    // Two cores are what a small CI machine has; each file starts servers of its own.
    maxWorkers: 2,
    testTimeout: 20_000,
    // Some tests are about milliseconds, and machines that run CI are shared: one that passes at its second try is reported.
    retry: process.env["CI"] === "true" ? 2 : 0,
    projects: [
      { extends: true, test: { name: "graph", include: ["test/**/*.test.ts"], exclude: [CONSOLE_TESTS] } },
      {
        extends: true,
        test: {
          name: "console",
          include: [CONSOLE_TESTS],
          // The console is built once for all of its files, and only if one of them is run.
          globalSetup: "test/console-build.ts",
          // A page shows something when it gets to it, which is late on a busy machine.
          expect: { poll: { timeout: 15_000 } },
        },
      },
    ],
  },
});
