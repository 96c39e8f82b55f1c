import { CircleAlert, CircleCheck, CircleDashed } from "lucide-react";
import type { OperationsQuery, PlatformCheckQuery } from "../generated/ops.ts";
import { Clock } from "../parts/time.tsx";
import { strings } from "../strings.ts";

const words = strings.ops.platforms;

type Status = NonNullable<OperationsQuery["platformStatus"]>[number];
type Check = PlatformCheckQuery["platformStatus"][number];
type Breaker = Status["readBreaker"];

interface Props {
  readonly statuses: readonly Status[];
  /** Null until the platforms have been asked. */
  readonly checks: readonly Check[] | null;
}

/** Each platform: whether it answers, and what the server lets through to it. */
export function Platforms({ statuses, checks }: Props) {
  return statuses.map(({ platform, readBreaker, writeBreaker }) => {
    const check = checks?.find((each) => each.platform === platform) ?? null;
    const id = `platform-${platform}`;
    return (
      <section className="panel" key={platform} aria-labelledby={id}>
        <h2 id={id}>{words.names[platform]}</h2>
        <Answer check={check} />
        <dl>
          <dt>{words.reads}</dt>
          <Passage breaker={readBreaker} />
          <dt>{words.writes}</dt>
          <Passage breaker={writeBreaker} />
        </dl>
      </section>
    );
  });
}

function Answer({ check }: { readonly check: Check | null }) {
  if (check === null) {
    return (
      <p className="ops-state muted">
        <CircleDashed aria-hidden size={18} />
        {words.asking}
      </p>
    );
  }
  const { isAuthorized, latencyMilliseconds, message } = check;
  return isAuthorized ? (
    <p className="ops-state is-ok">
      <CircleCheck aria-hidden size={18} />
      {words.answers(Math.round(latencyMilliseconds ?? 0))}
    </p>
  ) : (
    <p className="ops-state is-bad">
      <CircleAlert aria-hidden size={18} />
      {message ?? words.noAnswer}
    </p>
  );
}

function Passage({ breaker: { state, nextTryAt } }: { readonly breaker: Breaker }) {
  return (
    <dd className={state === "CLOSED" ? "" : "is-bad"}>
      {words.passages[state]}
      {nextTryAt !== null && (
        <>
          {" "}
          {words.nextTry} <Clock at={nextTryAt} />.
        </>
      )}
    </dd>
  );
}
