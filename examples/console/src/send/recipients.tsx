import { skipToken } from "@apollo/client/react";
import { ChevronDown, X } from "lucide-react";
import {
  Button,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
  Tab,
  TabList,
  TabPanel,
  Tabs,
  Tag,
  TagGroup,
  TagList,
} from "react-aria-components";
import { SearchPeopleDocument } from "../generated/people.ts";
import { SendAnswersDocument, SendGroupsDocument, SendPollsDocument } from "../generated/send.ts";
import { showNumber } from "../parts/person.tsx";
import { useRead } from "../parts/read.ts";
import { Problem } from "../parts/state.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { KINDS, type Kind, type Named, type Recipients } from "./draft.ts";
import { ListChoice } from "./list-choice.tsx";
import { type Choice, Picker, useSearch } from "./picker.tsx";

const words = strings.send;
/** What the graph searches for: a letter, or three digits. */
const SEARCHABLE = /\p{L}|\d\D*\d\D*\d/u;
const WHOLE_NUMBER = /^\+[\d\s().-]{7,24}$/;
const ANY = "any";

/** What a key needs for each kind of recipients, beside the scopes of a send. */
const SCOPES: Readonly<Record<Kind, readonly string[]>> = {
  people: [],
  list: [],
  group: ["groups:read", "participants:read"],
  poll: ["polls:read"],
};

interface Props {
  readonly recipients: Recipients;
  readonly onChange: (change: Partial<Recipients>) => void;
}

/** Who gets the text: people, a list, a group, or those who answered a poll. What the key may not read is not offered. */
export function RecipientsChoice({ recipients, onChange }: Props) {
  const may = useMay();
  const kinds = KINDS.filter((kind) => SCOPES[kind].every(may));
  return (
    <Tabs
      className="tabs"
      selectedKey={recipients.kind}
      onSelectionChange={(key) => onChange({ kind: KINDS.find((kind) => kind === key) ?? "people" })}
    >
      <TabList className="segmented" aria-label={words.who}>
        {kinds.map((kind) => (
          <Tab key={kind} id={kind} className="tab">
            {words.whoKinds[kind]}
          </Tab>
        ))}
      </TabList>
      <TabPanel id="people" className="fields">
        <PeopleChoice recipients={recipients} onChange={onChange} />
      </TabPanel>
      <TabPanel id="list" className="fields">
        <ListChoice recipients={recipients} onChange={onChange} />
      </TabPanel>
      <TabPanel id="group" className="fields">
        <GroupChoice recipients={recipients} onChange={onChange} />
      </TabPanel>
      <TabPanel id="poll" className="fields">
        <PollChoice recipients={recipients} onChange={onChange} />
      </TabPanel>
    </Tabs>
  );
}

function PeopleChoice({ recipients: { people }, onChange }: Props) {
  const may = useMay();
  const [typed, search, setTyped] = useSearch();
  const isSearch = SEARCHABLE.test(search) && (may("contacts:read") || may("participants:read"));
  const { data, error } = useRead(SearchPeopleDocument, isSearch ? { variables: { search, first: 20 } } : skipToken);
  const found: readonly Choice[] = (data?.searchPeople?.nodes ?? []).map(({ name, person }) => ({
    id: person.phoneNumber,
    name: name ?? showNumber(person.phoneNumber),
    note: person.optedOutAt === null ? showNumber(person.phoneNumber) : strings.inbox.optedOut,
    isDisabled: person.optedOutAt !== null,
  }));
  const number = WHOLE_NUMBER.test(typed.trim()) ? `+${typed.replace(/\D/g, "")}` : null;
  const isKnown = found.some(({ id }) => id === number);
  const choices =
    number === null || isKnown ? found : [{ id: number, name: words.textNumber(showNumber(number)) }, ...found];
  const isLooking = typed !== "" && (number !== null || (isSearch && data !== undefined));

  function add({ id }: Choice) {
    const known = data?.searchPeople?.nodes.find(({ person }) => person.phoneNumber === id);
    const others = people.filter(({ phoneNumber }) => phoneNumber !== id);
    onChange({ people: [...others, { phoneNumber: id, name: known?.name ?? null }] });
  }

  return (
    <>
      <Picker
        label={words.addPerson}
        hint={words.addPersonHint}
        typed={typed}
        onType={setTyped}
        choices={isLooking ? choices : null}
        onChoose={add}
      />
      <Problem error={error} />
      <Chosen
        items={people.map(({ phoneNumber, name }) => ({ id: phoneNumber, name: name ?? showNumber(phoneNumber) }))}
        onRemove={(id) => onChange({ people: people.filter(({ phoneNumber }) => phoneNumber !== id) })}
      />
    </>
  );
}

function GroupChoice({ recipients: { group }, onChange }: Props) {
  const [typed, search, setTyped] = useSearch();
  const { data, previousData, error, refetch } = useRead(SendGroupsDocument, {
    variables: { name: search === "" ? null : search },
  });
  const groups = (data ?? previousData)?.textizenGroups?.nodes;
  return (
    <>
      <Problem error={error} onRetry={() => void refetch()} />
      {group === null && (
        <Picker
          label={words.group}
          hint={words.groupNote}
          typed={typed}
          onType={setTyped}
          choices={groups?.map(({ id, name }) => ({ id, name: name ?? id })) ?? null}
          onChoose={(chosen) => onChange({ group: { id: chosen.id, name: chosen.name } })}
        />
      )}
      <Chosen items={group === null ? [] : [group]} onRemove={() => onChange({ group: null })} />
    </>
  );
}

function PollChoice({ recipients: { poll, option }, onChange }: Props) {
  const [typed, search, setTyped] = useSearch();
  const { data, previousData, error, refetch } = useRead(SendPollsDocument, {
    variables: { title: search === "" ? null : search },
  });
  const answers = useRead(SendAnswersDocument, poll === null ? skipToken : { variables: { id: poll.id } });
  const polls = (data ?? previousData)?.polls?.nodes;
  const options = (answers.data?.poll?.questions ?? []).flatMap((question) =>
    question.options.map(({ id, text }) => ({ id, name: `${question.text ?? ""} ${text ?? id}`.trim() })),
  );
  return (
    <>
      <Problem error={error ?? answers.error} onRetry={() => void refetch()} />
      {poll === null && (
        <Picker
          label={words.poll}
          typed={typed}
          onType={setTyped}
          choices={polls?.map(({ id, title }) => ({ id, name: title ?? strings.polls.untitled })) ?? null}
          onChoose={(chosen) => onChange({ poll: { id: chosen.id, name: chosen.name }, option: null })}
        />
      )}
      <Chosen items={poll === null ? [] : [poll]} onRemove={() => onChange({ poll: null, option: null })} />
      {poll !== null && (
        <Select
          className="select"
          value={option?.id ?? ANY}
          onChange={(key) => onChange({ option: options.find(({ id }) => id === key) ?? null })}
        >
          <Label>{words.answer}</Label>
          <Button className="select-button">
            <SelectValue />
            <ChevronDown aria-hidden size={16} />
          </Button>
          <Popover className="popover">
            <ListBox className="options" items={[{ id: ANY, name: words.anyAnswer }, ...options]}>
              {({ id, name }) => (
                <ListBoxItem id={id} className="option" textValue={name}>
                  {name}
                </ListBoxItem>
              )}
            </ListBox>
          </Popover>
        </Select>
      )}
    </>
  );
}

interface ChosenProps {
  readonly items: readonly Named[];
  readonly onRemove: (id: string) => void;
}

function Chosen({ items, onRemove }: ChosenProps) {
  return (
    items.length > 0 && (
      <TagGroup
        className="chosen"
        aria-label={words.chosen}
        onRemove={(keys) => {
          for (const key of keys) {
            onRemove(String(key));
          }
        }}
      >
        <TagList className="chips">
          {items.map(({ id, name }) => (
            <Tag key={id} id={id} className="chip" textValue={name}>
              {name}
              <Button slot="remove" className="chip-button" aria-label={words.remove}>
                <X aria-hidden size={14} />
              </Button>
            </Tag>
          ))}
        </TagList>
      </TagGroup>
    )
  );
}
