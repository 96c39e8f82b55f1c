import { type Entry, useEntries } from "../ledger.ts";
import { Clock } from "../parts/time.tsx";
import { useSession } from "../session.tsx";
import { strings } from "../strings.ts";

const words = strings.ops.prices;

/** All that was asked of one operation. */
interface Sum {
  readonly operation: string;
  readonly times: number;
  /** At most, by the prices; null where the server does not say. */
  readonly asked: number | null;
  readonly actual: number | null;
  readonly milliseconds: number | null;
  readonly at: Date;
}

/** What this tab has asked, operation by operation, and what it cost in platform calls. */
export function Prices() {
  const entries = useEntries(useSession().ledger);
  const sums = sumUp(entries);
  return (
    <section className="panel ops-half" aria-labelledby="prices-title">
      <h2 id="prices-title">{words.title}</h2>
      <p className="muted">{words.lead(entries.length)}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
      <section className="ops-scroll" aria-label={words.table} tabIndex={0}>
        <table className="figures">
          <thead>
            <tr>
              <th scope="col">{words.operation}</th>
              <th scope="col">{words.price}</th>
              <th scope="col">{words.calls}</th>
              <th scope="col" className="only-roomy">
                {words.took}
              </th>
              <th scope="col">{words.latest}</th>
            </tr>
          </thead>
          <tbody>
            {sums.map(({ operation, times, asked, actual, milliseconds, at }) => (
              <tr key={operation}>
                <td>
                  {operation} {times > 1 && <span className="muted">× {times}</span>}
                </td>
                <td className="figure">{asked ?? "–"}</td>
                <td className="figure">{actual ?? "–"}</td>
                <td className="figure only-roomy">{milliseconds === null ? "–" : words.milliseconds(milliseconds)}</td>
                <td className="figure">
                  <Clock at={at.toISOString()} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

/** The entries, newest first, as one sum for each operation: this page alone asks every few seconds. */
function sumUp(entries: readonly Entry[]): readonly Sum[] {
  const byOperation = Map.groupBy(entries, ({ operation }) => operation);
  return [...byOperation].map(([operation, all]) => ({
    operation,
    times: all.length,
    asked: total(all.map(({ asked }) => asked)),
    actual: total(all.map(({ actual }) => actual)),
    milliseconds: all[0]?.milliseconds ?? null,
    at: all[0]?.at ?? new Date(),
  }));
}

function total(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null);
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
}
