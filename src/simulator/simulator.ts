import type { Backend } from "./backend.ts";
import { createFaultTable, type Fault, type Hold, type HoldFault } from "./faults.ts";
import { listen, serveService } from "./http.ts";
import type { JournalEntry, LedgerEntry } from "./journal.ts";
import { MOST_PEOPLE } from "./people.ts";
import { createPidj } from "./pidj.ts";
import { createPushes, type Pushes, type PushTargets } from "./pushes.ts";
import { createWorld, DEFAULT_SIZES, type Sizes } from "./seed.ts";
import { defaultShapes, type Shapes } from "./shapes.ts";
import { createTextizen } from "./textizen.ts";
import type { World } from "./world.ts";

export interface SimulatorOptions extends Partial<Sizes>, Partial<PushTargets> {
  /** 1 by default. The same seed and sizes give the same world. */
  readonly seed?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** Any free port by default. */
  readonly pidjPort?: number;
  readonly textizenPort?: number;
  /** Whether Pidj has the undocumented `GET /contacts`; not by default. */
  readonly contactsList?: boolean;
  readonly shapes?: Partial<Shapes>;
  /** How often something is pushed to `forwardTo` and `webhookTo`; never by default. */
  readonly chatterSeconds?: number;
  /** The time of what is created at run time; the real clock by default. The world's own dates are fixed. */
  readonly now?: () => Date;
}

/** A platform that can be stopped (connections cut, new ones refused) and started again on the same port. */
interface SimulatedPlatform {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Simulator extends AsyncDisposable, Omit<Pushes, "chat"> {
  readonly pidj: SimulatedPlatform & { readonly accountKey: string; readonly token: string };
  readonly textizen: SimulatedPlatform & { readonly email: string; readonly password: string };
  /** Every request received, in the order of arrival; only the newest if there are very many. */
  readonly journal: JournalEntry[];
  /** Every send accepted. */
  readonly ledger: LedgerEntry[];
  /** The live state; rows are replaced (`world.polls.put({ ...poll, title })`), never changed in place. */
  readonly world: World;
  /** What the documents leave open. Can be changed at any time. */
  readonly shapes: Shapes;
  /** Makes requests fail as described; returns the object that ends it. */
  fault(fault: HoldFault): Hold;
  fault(fault: Fault): () => void;
  /** Ends all Textizen sessions: every token given so far is answered with 401. */
  expireSessions(): void;
  clearJournal(): void;
  /** Cuts all connections and stops all waiting. */
  close(): Promise<void>;
}

const PIDJ_CREDENTIALS = { accountKey: "simulated-account", token: "simulated-pidj-token" };
const TEXTIZEN_CREDENTIALS = { email: "operator@cityhall.example", password: "simulated-password" };

/** Both platforms on two ports. Throws a `RangeError` for an invalid size or seed. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = "127.0.0.1", pidjPort = 0, textizenPort = 0, contactsList = false, now = () => new Date() } = options;
  const seed = checkCount("seed", options.seed ?? 1);
  const world = createWorld(seed, readSizes(options));
  const backend: Backend = { world, shapes: { ...defaultShapes(), ...options.shapes }, ledger: [], now };
  const journal: JournalEntry[] = [];
  const closing = new AbortController();
  const faults = createFaultTable(closing.signal);
  const pidj = createPidj(backend, { ...PIDJ_CREDENTIALS, contactsList });
  const textizen = createTextizen(backend, TEXTIZEN_CREDENTIALS);
  const { chat, ...pushes } = createPushes(backend, seed, closing.signal);
  pushes.pushTo({ forwardTo: options.forwardTo ?? null, webhookTo: options.webhookTo ?? null });

  const pidjListener = await listen(serveService(pidj, faults, journal, closing.signal), host, pidjPort);
  const textizenListener = await listen(
    serveService(textizen, faults, journal, closing.signal),
    host,
    textizenPort,
  ).catch(async (error: unknown) => {
    await pidjListener.stop();
    throw error;
  });
  if (options.chatterSeconds !== undefined) {
    chat(options.chatterSeconds);
  }
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all([pidjListener.stop(), textizenListener.stop()]);
  };

  return {
    pidj: { url: `http://${host}:${pidjListener.port}${pidj.basePath}`, ...PIDJ_CREDENTIALS, ...pidjListener },
    textizen: { url: `http://${host}:${textizenListener.port}`, ...TEXTIZEN_CREDENTIALS, ...textizenListener },
    journal,
    ledger: backend.ledger,
    world,
    shapes: backend.shapes,
    ...pushes,
    fault: faults.add,
    expireSessions: textizen.expireSessions,
    clearJournal: () => {
      journal.length = 0;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function readSizes(options: Partial<Sizes>): Sizes {
  const sizes = { ...DEFAULT_SIZES };
  for (const name of Object.keys(sizes) as (keyof Sizes)[]) {
    sizes[name] = checkCount(name, options[name] ?? sizes[name]);
  }
  if (sizes.people > MOST_PEOPLE) {
    throw new RangeError(`people must be at most ${MOST_PEOPLE}.`);
  }
  return sizes;
}

function checkCount(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} must be a whole number, zero or more.`);
  }
  return value;
}
