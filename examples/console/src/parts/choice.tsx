import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import {
  Button,
  ComboBox,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  ListLayout,
  Popover,
  Text,
  Virtualizer,
} from "react-aria-components";
import { strings } from "../strings.ts";

export interface Option {
  readonly id: string;
  readonly name: string;
}

interface Props {
  readonly label: string;
  /** Name of the field in a form, at which its errors are shown. */
  readonly name?: string;
  readonly options: readonly Option[];
  /** Id of the option; null if none is chosen. */
  readonly value: string | null;
  readonly onChoose: (id: string | null) => void;
  readonly hint?: ReactNode;
}

/** One of many, narrowed by typing a part of its name. */
export function Choice({ label, name, options, value, onChoose, hint }: Props) {
  return (
    <ComboBox
      className="field"
      {...(name !== undefined && { name })}
      defaultItems={options}
      selectedKey={value}
      onSelectionChange={(key) => onChoose(key === null ? null : String(key))}
      allowsEmptyCollection
    >
      <Label>{label}</Label>
      <div className="choice">
        <Input />
        <Button className="choice-button">
          <ChevronDown aria-hidden size={16} />
        </Button>
      </div>
      {hint !== undefined && <Text slot="description">{hint}</Text>}
      <FieldError className="field-error" />
      <Popover className="popover">
        <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: 40 }}>
          <ListBox<Option>
            className="options choice-options"
            renderEmptyState={() => <p className="muted option">{strings.states.noMatch}</p>}
          >
            {(option) => (
              <ListBoxItem id={option.id} className="option" textValue={option.name}>
                {option.name}
              </ListBoxItem>
            )}
          </ListBox>
        </Virtualizer>
      </Popover>
    </ComboBox>
  );
}
