import type { Reporter } from "vitest/node";

/** Says at the end which tests were not run for want of a database: a count of skipped tests hides them. */
export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: Parameters<NonNullable<Reporter["onTestRunEnd"]>>[0]): void {
    const names = modules.flatMap((module) =>
      Array.from(module.children.allTests("skipped"), (test) => `${module.relativeModuleId}: ${test.fullName}`),
    );
    const unserved = names.filter((name) => name.includes("PostgreSQL"));
    if (unserved.length > 0) {
      process.stdout.write(
        `\nSkipped, for want of a database (TEST_POSTGRES_URL) or of Debian's PostgreSQL:\n  ${unserved.join("\n  ")}\n`,
      );
    }
  }
}
