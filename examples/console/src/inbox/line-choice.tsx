import { ChevronDown } from "lucide-react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
import type { LinesQuery } from "../generated/operations.ts";
import { showNumber } from "../parts/person.tsx";
import { strings } from "../strings.ts";

type Line = NonNullable<LinesQuery["pidjGroups"]>["nodes"][number];

interface Props {
  readonly lines: readonly Line[];
  readonly selected: string | null;
  readonly onChoose: (id: string) => void;
}

/** Which of the account's numbers the text comes from. */
export function LineChoice({ lines, selected, onChoose }: Props) {
  return (
    <Select
      className="select"
      placeholder={strings.inbox.noLineYet}
      value={selected}
      onChange={(key) => key !== null && onChoose(String(key))}
    >
      <Label>{strings.inbox.from}</Label>
      <Button className="select-button">
        <SelectValue />
        <ChevronDown aria-hidden size={16} />
      </Button>
      <Popover className="popover">
        <ListBox className="options" items={lines}>
          {({ id, name, displayPhoneNumber }) => (
            <ListBoxItem id={id} className="option" textValue={name ?? displayPhoneNumber ?? id}>
              <span>{name}</span> <span className="muted">{showNumber(displayPhoneNumber ?? "")}</span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
