import { useState } from "react";
import {
  Autocomplete,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  SearchField,
  type Selection,
  Text,
} from "react-aria-components";
import { useTyped } from "../parts/timing.ts";
import { strings } from "../strings.ts";

/** What somebody types, and the same once nobody has typed for a moment. */
export function useSearch(): readonly [typed: string, search: string, setTyped: (typed: string) => void] {
  const [typed, setTyped] = useState("");
  return [typed, useTyped(typed).trim(), setTyped];
}

export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly note?: string;
  /** Somebody who must not be texted is shown, and cannot be chosen. */
  readonly isDisabled?: boolean;
}

interface Props {
  readonly label: string;
  readonly hint?: string;
  readonly typed: string;
  readonly onType: (typed: string) => void;
  /** Found for what was typed, at most a hundred; null while nothing was looked for. */
  readonly choices: readonly Choice[] | null;
  readonly onChoose: (choice: Choice) => void;
}

/** A field that finds while somebody types; the arrow keys go through what is found. To choose empties it for the next one. */
export function Picker({ label, hint, typed, onType, choices, onChoose }: Props) {
  function choose(keys: Selection) {
    const [id] = keys === "all" ? [] : keys;
    const choice = choices?.find((each) => each.id === id);
    if (choice !== undefined) {
      onChoose(choice);
      onType("");
    }
  }

  return (
    <div className="picker">
      <Autocomplete inputValue={typed} onInputChange={onType}>
        <SearchField className="field">
          <Label>{label}</Label>
          <Input autoComplete="off" />
          {hint !== undefined && <Text slot="description">{hint}</Text>}
        </SearchField>
        {choices !== null && (
          <ListBox<Choice>
            className="options found"
            aria-label={label}
            items={choices}
            disabledKeys={choices.filter(({ isDisabled }) => isDisabled).map(({ id }) => id)}
            selectionMode="single"
            selectedKeys={[]}
            onSelectionChange={choose}
            renderEmptyState={() => <p className="option muted">{strings.states.noMatch}</p>}
          >
            {({ id, name, note }) => (
              <ListBoxItem id={id} className="option" textValue={name}>
                <span>{name}</span> <span className="muted">{note}</span>
              </ListBoxItem>
            )}
          </ListBox>
        )}
      </Autocomplete>
    </div>
  );
}
