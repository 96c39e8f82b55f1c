import { CircleCheck } from "lucide-react";
import type { OperationsQuery } from "../generated/ops.ts";
import { Clock } from "../parts/time.tsx";
import { strings } from "../strings.ts";

const words = strings.ops.failures;

type Failure = NonNullable<OperationsQuery["platformFailures"]>[number];

/** Which platform calls failed of late, in the server that answered. */
export function Failures({ failures }: { readonly failures: readonly Failure[] }) {
  return (
    <section className="panel ops-half" aria-labelledby="failures-title">
      <h2 id="failures-title">{words.title}</h2>
      {failures.length === 0 ? (
        <p className="ops-state muted">
          <CircleCheck aria-hidden size={18} />
          {words.none}
        </p>
      ) : (
        <>
          <p className="muted">{words.lead}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
          <section className="ops-scroll" aria-label={words.table} tabIndex={0}>
            <table className="figures">
              <thead>
                <tr>
                  <th scope="col">{words.call}</th>
                  <th scope="col">{words.times}</th>
                  <th scope="col">{words.latest}</th>
                </tr>
              </thead>
              <tbody>
                {failures.map(({ platform, route, reason, httpStatus, count, latestAt }) => (
                  <tr key={`${platform} ${route} ${reason} ${httpStatus} ${latestAt}`}>
                    <td>
                      <span className="ops-reason">{words.reasons[reason]}</span>
                      <span className="muted">
                        {strings.ops.platforms.names[platform]} <code>{route}</code>
                        {httpStatus !== null && ` · HTTP ${httpStatus}`}
                      </span>
                    </td>
                    <td className="figure">{count}</td>
                    <td className="figure">
                      <Clock at={latestAt} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
    </section>
  );
}
