import { Bar, BarChart, LabelList, ResponsiveContainer, XAxis, YAxis } from "recharts";
import { strings } from "../strings.ts";
import type { QuestionResult } from "./poll-page.tsx";

const words = strings.polls;
const BAR_HEIGHT = 38;
const LONGEST_LABEL = 16;

/** How often each answer was chosen: a chart, and the same as a table for those who hear it. */
export function Bars({ result }: { readonly result: QuestionResult }) {
  const rows = [
    ...result.options.map(({ option, count }) => ({ name: option.text ?? option.id, count })),
    ...(result.unmatchedCount > 0 ? [{ name: words.unmatched, count: result.unmatchedCount }] : []),
  ];
  return (
    <>
      <div aria-hidden>
        <ResponsiveContainer width="100%" height={rows.length * BAR_HEIGHT}>
          <BarChart data={rows} layout="vertical" accessibilityLayer={false} margin={{ right: 40 }}>
            <XAxis type="number" hide allowDecimals={false} />
            <YAxis
              type="category"
              dataKey="name"
              width={130}
              axisLine={false}
              tickLine={false}
              tick={{ fill: "var(--text)", fontSize: 13 }}
              tickFormatter={(name: string) =>
                name.length > LONGEST_LABEL ? `${name.slice(0, LONGEST_LABEL)}…` : name
              }
            />
            <Bar dataKey="count" fill="var(--accent)" radius={5} barSize={18} isAnimationActive={false}>
              <LabelList dataKey="count" position="right" fill="var(--text)" fontSize={13} />
            </Bar>
          </BarChart>
        </ResponsiveContainer>
      </div>
      <table className="visually-hidden">
        <thead>
          <tr>
            <th scope="col">{words.option}</th>
            <th scope="col">{words.people}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, count }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{count}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
