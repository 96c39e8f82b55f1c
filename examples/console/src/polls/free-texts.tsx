import { useState } from "react";
import { Input, Label, SearchField } from "react-aria-components";
import { strings } from "../strings.ts";
import type { Response } from "./poll-page.tsx";

const words = strings.polls;

interface Props {
  /** At most a hundred. */
  readonly responses: readonly Response[];
  readonly total: number;
  readonly question: string;
}

/** What people wrote in their own words, and a box to look for a word in it. */
export function FreeTexts({ responses, total, question }: Props) {
  const [search, setSearch] = useState("");
  const found = responses.filter(({ text }) => (text ?? "").toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <>
      <SearchField className="field" value={search} onChange={setSearch}>
        <Label>{words.search}</Label>
        <Input />
      </SearchField>
      <p className="muted" role="status">
        {words.newest(found.length, total)}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable (axe: scrollable-region-focusable) */}
      <section className="texts" tabIndex={0} aria-label={`${words.texts}: ${question}`}>
        {found.length === 0 && <p className="muted">{words.none}</p>}
        {found.map(({ id, text, displayFrom }) => (
          <p key={id}>
            {text} <span className="muted">{displayFrom}</span>
          </p>
        ))}
      </section>
    </>
  );
}
