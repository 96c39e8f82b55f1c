import { parseArgs } from "node:util";
import { credentialsOf } from "./credentials.ts";
import { SHAPES, type Shapes } from "./shapes.ts";
import { type SimulatorOptions, startSimulator } from "./simulator.ts";

const COUNTS = {
  seed: "what decides about everything (1)",
  people: "people, a third of them on both platforms (300)",
  polls: "polls (8)",
  "responses-per-poll": "responses to each poll (300)",
  "pidj-groups": "active groups of Pidj (8)",
  series: "series (5)",
  surveys: "surveys (4)",
  "textizen-groups": "groups of Textizen (8)",
  campaigns: "campaigns (3)",
  "pidj-port": "Pidj's port (4101)",
  "textizen-port": "Textizen's port (4102)",
  chatter: "seconds from one push to the next (none)",
} as const;
type Count = keyof typeof COUNTS;

const HELP = `Both platforms, simulated, each on a port of its own.

Usage: npm run simulator -- [flags]

${Object.entries(COUNTS)
  .map(([name, meaning]) => `  --${name.padEnd(22)} ${meaning}`)
  .join("\n")}
  --${"host".padEnd(22)} address to listen at (127.0.0.1)
  --${"forward-to URL".padEnd(22)} where Pidj forwards texts
  --${"webhook-to URL".padEnd(22)} where Textizen reports completed polls
  --${"contacts-list".padEnd(22)} give Pidj the GET /contacts that its document does not have
  --${"shape name=value".padEnd(22)} what the documents leave open; may be repeated:
${Object.entries(SHAPES)
  .map(([name, values]) => `    ${name.padEnd(22)} ${values.join(" | ")}`)
  .join("\n")}
  --${"help".padEnd(22)} this
`;

/** The options that the flags ask for, null for `--help`. Throws an error whose message is one sentence. */
function readFlags(args: string[]): SimulatorOptions | null {
  const counts = Object.keys(COUNTS) as Count[];
  const { values } = parseArgs({
    args,
    options: {
      ...(Object.fromEntries(counts.map((name) => [name, { type: "string" }])) as Record<Count, { type: "string" }>),
      host: { type: "string" },
      "forward-to": { type: "string" },
      "webhook-to": { type: "string" },
      "contacts-list": { type: "boolean" },
      shape: { type: "string", multiple: true },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    return null;
  }
  const count = (name: Count): number | undefined => {
    const text = values[name];
    const most = name.endsWith("-port") ? 65_535 : 10_000_000;
    if (text !== undefined && (!/^[0-9]{1,8}$/.test(text) || Number(text) > most)) {
      throw new Error(`--${name} must be a whole number from 0 to ${most}, not "${text}".`);
    }
    return text === undefined ? undefined : Number(text);
  };
  const given: { -readonly [Name in keyof SimulatorOptions]?: SimulatorOptions[Name] | undefined } = {
    seed: count("seed"),
    people: count("people"),
    polls: count("polls"),
    responsesPerPoll: count("responses-per-poll"),
    pidjGroups: count("pidj-groups"),
    series: count("series"),
    surveys: count("surveys"),
    textizenGroups: count("textizen-groups"),
    campaigns: count("campaigns"),
    pidjPort: count("pidj-port") ?? 4101,
    textizenPort: count("textizen-port") ?? 4102,
    chatterSeconds: count("chatter") || undefined,
    forwardTo: readUrl("forward-to", values["forward-to"]),
    webhookTo: readUrl("webhook-to", values["webhook-to"]),
    host: values.host,
    contactsList: values["contacts-list"],
    shapes: readShapes(values.shape ?? []),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function readUrl(name: string, url: string | undefined): string | undefined {
  if (url !== undefined && !/^https?:/.test(URL.parse(url)?.protocol ?? "")) {
    throw new Error(`--${name} must be an http or https URL.`);
  }
  return url;
}

function readShapes(flags: readonly string[]): Partial<Shapes> {
  const table: Readonly<Record<string, readonly string[]>> = SHAPES;
  return Object.fromEntries(
    flags.map((flag) => {
      const [name = "", value = ""] = flag.split("=", 2);
      const allowed = Object.hasOwn(table, name) ? (table[name] ?? []) : null;
      if (allowed === null) {
        throw new Error(`--shape knows ${Object.keys(SHAPES).join(", ")}; not "${name}".`);
      }
      if (!allowed.includes(value)) {
        throw new Error(`--shape ${name} must be ${allowed.join(" or ")}, not "${value}".`);
      }
      return [name, value];
    }),
  );
}

async function main(): Promise<void> {
  const options = readFlags(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const simulator = await startSimulator(options);
  process.once("SIGINT", simulator.close);
  process.once("SIGTERM", simulator.close);
  const lines = Object.entries(credentialsOf(simulator)).map(([variable, value]) => `${variable}=${value}\n`);
  // At once, so that whoever waits for the first of them has all.
  process.stdout.write(lines.join(""));
}

/** One sentence. */
function explain(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE" && "port" in error) {
    return `Port ${error.port} is in use: end the program that listens there, or choose another by --pidj-port or --textizen-port (0 takes a free one).`;
  }
  return error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
