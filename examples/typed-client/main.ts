import type { ParticipantsPageQuery } from "./generated/graphql.ts";
import { startGraph } from "./graph.ts";
import { PARTICIPANTS_PAGE, PERSON_PAGE, PLATFORM_STATUS, TWO_POLLS } from "./operations.ts";
import { type Answer, request } from "./request.ts";

const PAGE_SIZE = 50;

/** Uses the graph that TEXTGRAPH_URL names, or starts one of its own. */
async function main(): Promise<void> {
  const url = process.env["TEXTGRAPH_URL"];
  if (url) {
    return tour(url);
  }
  await using graph = await startGraph();
  await tour(graph.url);
}

async function tour(url: string): Promise<void> {
  say(`Asking ${url}`);
  await showPlatforms(url);
  const phoneNumber = await showParticipants(url);
  if (phoneNumber !== null) {
    await showPerson(url, phoneNumber);
  }
  await showErrors(url);
}

async function showPlatforms(url: string): Promise<void> {
  const answer = await request(url, PLATFORM_STATUS, {});
  say(`\nPlatforms (${costOf(answer)})`);
  for (const { platform, isAuthorized, message } of dataOf(answer).platformStatus) {
    say(`  ${platform}: ${isAuthorized ? "authorized" : `not authorized: ${message}`}`);
  }
}

/** Walks all pages. Returns the number of somebody who is on both platforms, or null if nobody is known to be. */
async function showParticipants(url: string): Promise<string | null> {
  say("\nParticipants");
  let onBoth: string | null = null;
  let after: string | null = null;
  do {
    const answer: Answer<ParticipantsPageQuery> = await request(url, PARTICIPANTS_PAGE, { first: PAGE_SIZE, after });
    const page = dataOf(answer).participants;
    if (page === null) {
      say(`  could not be read: ${answer.errors[0]?.extensions.code}`);
      return null;
    }
    const linked = page.nodes.flatMap(({ person }) => (person?.contactLink?.state === "LINKED" ? [person] : []));
    say(`  ${page.nodes.length} of ${page.totalCount}, ${linked.length} with a known contact (${costOf(answer)})`);
    onBoth ??= linked[0]?.phoneNumber ?? null;
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return onBoth;
}

async function showPerson(url: string, phoneNumber: string): Promise<void> {
  const answer = await request(url, PERSON_PAGE, { phoneNumber });
  const { displayName, contactLink, contact, participant } = dataOf(answer).person;
  say(`\nPerson ${phoneNumber} (${costOf(answer)})`);
  const link = contactLink ?? { state: "of no known link", source: null };
  say(`  ${displayName ?? "without a name"}: ${link.state}, ${link.source ?? "of no source"}`);
  say(`  Pidj: ${contact?.id}, ${contact?.emailAddress ?? "no address"}, tags ${contact?.tags?.join(", ") || "none"}`);
  say(`  Textizen: ${participant?.id}`);
  for (const { name, counterpart } of participant?.groups ?? []) {
    say(`    in ${name}${counterpart === null ? "" : `, which is ${counterpart.id} on Pidj`}`);
  }
}

/** Null is no error, and an error is not the end of the answer. */
async function showErrors(url: string): Promise<void> {
  const answer = await request(url, TWO_POLLS, { unknown: "poll:999999999", wrong: "group:72" });
  say("\nA poll that does not exist, and the id of something else");
  say(`  data: ${JSON.stringify(answer.data)}`);
  for (const { path, message, extensions } of answer.errors) {
    say(`  ${extensions.code} at ${path?.join(".")}: ${message}`);
  }
}

function costOf({ platforms }: Answer<unknown>): string {
  return platforms === null ? "cost not told" : `platform calls: ${platforms.filter(({ kept }) => !kept).length}`;
}

/** The data; throws where the operation was not run. */
function dataOf<Data>({ data, errors }: Answer<Data>): Data {
  if (data === null) {
    throw new Error(errors.map(({ message, extensions }) => `${extensions.code}: ${message}`).join("\n"));
  }
  return data;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
