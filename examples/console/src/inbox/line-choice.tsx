import { ChevronDown } from "lucide-react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
import { showNumber } from "../parts/person.tsx";
import { Banner } from "../parts/state.tsx";
import { strings } from "../strings.ts";
import type { Lines } from "./lines.ts";

const words = strings.lines;

interface Props {
  readonly lines: Lines;
  readonly onChoose: (id: string) => void;
}

/** Which of the account's numbers the text comes from, or why there is nothing to choose. */
export function LineChoice({ lines: { state, all, line, readAgain }, onChoose }: Props) {
  if (state === "forbidden") {
    return <Banner>{words.forbidden}</Banner>;
  }
  if (state === "failed") {
    return <Banner onRetry={readAgain}>{words.failed}</Banner>;
  }
  if (state === "read" && all.length === 0) {
    return <Banner>{words.none}</Banner>;
  }
  return (
    <Select
      className="select"
      placeholder={state === "reading" ? words.reading : words.choose}
      isDisabled={state === "reading"}
      value={line?.id ?? null}
      onChange={(key) => key !== null && onChoose(String(key))}
    >
      <Label>{words.label}</Label>
      <Button className="select-button">
        <SelectValue />
        <ChevronDown aria-hidden size={16} />
      </Button>
      <Popover className="popover">
        <ListBox className="options" items={all}>
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
