import { defineConfig } from "vitest/config";

export default defineConfig({
  // graphql refuses to work with two copies of itself, and its CommonJS build is the one that Apollo's packages load.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/skipped.ts"],
    // Two cores are what a small CI machine has; each file starts servers of its own.
    maxWorkers: 2,
    testTimeout: 20_000,
    // Some tests are about milliseconds, and machines that run CI are shared: one that passes at its second try is reported.
    retry: process.env["CI"] === "true" ? 2 : 0,
  },
});
