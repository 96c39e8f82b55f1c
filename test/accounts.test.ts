import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { TextClient } from "./text-client.ts";
import { type Received, sendJson, startUpstream } from "./upstream.ts";

const ACCOUNTS = ["north", "south"] as const;
type Account = (typeof ACCOUNTS)[number];

const OPERATIONS = 10_000;
const AT_ONCE = 50;
const PEOPLE = [1, 2, 3];

/** Both platforms at one address, for two accounts: what is told apart by the credentials alone. */
function answer({ method, path, headers, body }: Received, response: ServerResponse): void {
  if (path.endsWith("/sign_in")) {
    const { email } = JSON.parse(body) as { email: string };
    sendJson(response, { auth_token: `token of ${email}` });
    return;
  }
  const isPidj = path.startsWith("/pidj/");
  const credentials = isPidj
    ? atob(headers.authorization?.replace("Basic ", "") ?? "")
    : (JSON.parse(body) as { auth_token: string }).auth_token;
  const account = ACCOUNTS.find((each) => credentials.includes(each));
  if (account === undefined || method !== "GET") {
    sendJson(response, { error: "nobody's" }, 401);
    return;
  }
  const row = (id: number) => ({ id, name: `${account} ${id}`, phone_number: `1415555000${id}` });
  const id = Number(/\d+$/.exec(path)?.[0]);
  if (isPidj) {
    const contact = { first_name: `${account} ${id}`, phone_number: `+1415555000${id}` };
    const groups = PEOPLE.map((each) => ({ group_id: `gr:${each}`, name: `${account} ${each}` }));
    sendJson(response, { code: 200, status: "success", ...(path.endsWith("/groups") ? { groups } : { contact }) });
  } else {
    sendJson(response, Number.isNaN(id) ? PEOPLE.map(row) : { ...row(id), created_at: "2026-01-05T08:00:00Z" });
  }
}

function configOf(account: Account, url: string) {
  return readConfig({
    NODE_ENV: "production",
    PORT: "0",
    LOG_LEVEL: "silent",
    STORE_URL: "sqlite::memory:",
    PIDJ_BASE_URL: `${url}/pidj`,
    PIDJ_ACCOUNT_KEY: account,
    PIDJ_TOKEN: "secret",
    TEXTIZEN_BASE_URL: url,
    TEXTIZEN_EMAIL: `${account}@example.com`,
    TEXTIZEN_PASSWORD: "secret",
  });
}

/** What is asked, and what the answer holds besides the account's name. */
const asked: readonly (readonly [query: string, data: (account: Account) => object])[] = [
  [
    "{ participants { nodes { name } } }",
    (account) => ({ participants: { nodes: PEOPLE.map((id) => ({ name: `${account} ${id}` })) } }),
  ],
  [
    '{ participant(id: "participant:2") { name createdAt } }',
    (account) => ({ participant: { name: `${account} 2`, createdAt: "2026-01-05T08:00:00.000Z" } }),
  ],
  ['{ contact(id: "co:3") { firstName } }', (account) => ({ contact: { firstName: `${account} 3` } })],
  [
    '{ person(phoneNumber: "+14155550001") { displayName participant { name } } }',
    (account) => ({ person: { displayName: `${account} 1`, participant: { name: `${account} 1` } } }),
  ],
  [
    '{ pidjGroups(filter: { name: "2" }) { nodes { name } } textizenGroups(last: 1) { nodes { name } } }',
    (account) => ({
      pidjGroups: { nodes: [{ name: `${account} 2` }] },
      textizenGroups: { nodes: [{ name: `${account} 3` }] },
    }),
  ],
];

test("two accounts at one address, asked in turn ten thousand times, never get each other's answers", async () => {
  await using upstream = await startUpstream(answer);
  await using client = new TextClient();
  const apps = await Promise.all(ACCOUNTS.map((account) => startApp(configOf(account, upstream.url))));
  const wrong: unknown[] = [];
  const ask = async (turn: number): Promise<void> => {
    const at = turn % ACCOUNTS.length;
    const [query, dataOf] = asked[Math.floor(turn / 2) % asked.length] as (typeof asked)[number];
    const [account, url] = [ACCOUNTS[at] as Account, apps[at]?.url ?? ""];
    const text = await client.post(url, query);
    if (text.trim() !== JSON.stringify({ data: dataOf(account) })) {
      wrong.push({ account, query, text });
    }
  };
  for (let turn = 0; turn < OPERATIONS; turn += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => ask(turn + place)));
  }
  await Promise.all(apps.map((app) => app.close()));
  expect(wrong.slice(0, 3)).toEqual([]);
  // Equal calls of one account were shared all along, so that there was something to confuse.
  expect(upstream.requests.length).toBeLessThan(OPERATIONS / 2);
});
