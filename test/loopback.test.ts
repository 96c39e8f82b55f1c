import { expect, test } from "vitest";
import { isLoopbackHost } from "../src/loopback.ts";

test.each([
  "localhost",
  "LocalHost",
  "localhost.",
  "127.0.0.1",
  "127.255.8.1",
  "::1",
  "[::1]",
  "0:0:0:0:0:0:0:1",
  "::ffff:127.0.0.1",
])("%s is this machine", (host) => {
  expect(isLoopbackHost(host)).toBe(true);
});

test.each([
  "",
  "128.0.0.1",
  "0.0.0.0",
  "::",
  "[::2]",
  "::ffff:10.0.0.1",
  "127.0.0.1.evil.example",
  "127.1",
  "localhost.evil.example",
  "localhost:4000",
])("%j is not", (host) => {
  expect(isLoopbackHost(host)).toBe(false);
});
