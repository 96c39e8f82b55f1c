import { NetworkStatus } from "@apollo/client";
import { useQuery } from "@apollo/client/react";
import { RefreshCw } from "lucide-react";
import { useEffect, useState } from "react";
import { OperationsDocument, PlatformCheckDocument } from "../generated/ops.ts";
import { PendingButton } from "../parts/pending-button.tsx";
import { Failed, Problem, Skeleton } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { isUnwatched } from "../parts/timing.ts";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { Attempts } from "./attempts.tsx";
import { Failures } from "./failures.tsx";
import { Platforms } from "./platforms.tsx";
import { Prices } from "./prices.tsx";

const words = strings.ops;
const READ_SECONDS = 15;
/** It asks both platforms. */
const CHECK_SECONDS = 120;
// The two queries read parts of the same list, whose items have no id: the cache would forget one of them.
const polled = { fetchPolicy: "no-cache", skipPollAttempt: isUnwatched } as const;

/** How the platforms do, what waits for a person's decision, which calls failed, and what this tab has asked. */
export default function Ops() {
  const may = useMay();
  const [withStatus, withAttempts] = [may("platform:status"), may("attempts:read")];
  const { data, previousData, error, networkStatus, refetch } = useQuery(OperationsDocument, {
    ...polled,
    variables: { withStatus, withAttempts, withTexts: may("messages:read") },
    pollInterval: READ_SECONDS * 1_000,
  });
  const check = useQuery(PlatformCheckDocument, {
    ...polled,
    skip: !withStatus,
    pollInterval: CHECK_SECONDS * 1_000,
  });
  const shown = data ?? previousData;
  const [readAt, setReadAt] = useState<string | null>(null);
  useEffect(() => {
    if (networkStatus === NetworkStatus.ready) {
      setReadAt(new Date().toISOString());
    }
  }, [networkStatus]);

  function readNow() {
    void refetch();
    if (withStatus) {
      void check.refetch();
    }
  }

  return (
    <div className="ops">
      <title>{`${words.title} · ${strings.name}`}</title>
      <header className="pane-head">
        <div className="thread-who">
          <h1>{words.title}</h1>
          {readAt !== null && (
            <p className="muted ops-read">
              {words.readAt} <Time at={readAt} isHour /> · {words.every(READ_SECONDS)}
            </p>
          )}
        </div>
        <PendingButton
          className="button"
          aria-label={words.readNow}
          onPress={readNow}
          isPending={networkStatus === NetworkStatus.refetch}
        >
          <RefreshCw aria-hidden size={16} />
          <span>{words.readNow}</span>
        </PendingButton>
      </header>
      {shown ? (
        <Problem error={error} onRetry={readNow} />
      ) : (
        error && <Failed error={error} title={words.failedTitle} onRetry={readNow} />
      )}
      {!shown && error === undefined && <Skeleton rows={4} of="cards" />}
      {shown && (
        <div className="ops-panels">
          {shown.unknownAttempts && (
            <Attempts
              attempts={shown.unknownAttempts.nodes}
              total={shown.unknownAttempts.totalCount}
              onSettled={() => void refetch()}
            />
          )}
          {shown.platformStatus && (
            <Platforms
              statuses={shown.platformStatus}
              checks={(check.data ?? check.previousData)?.platformStatus ?? null}
            />
          )}
          {shown.platformFailures && <Failures failures={shown.platformFailures} />}
          <Prices />
        </div>
      )}
    </div>
  );
}
