import { MessageSquare } from "lucide-react";
import { useRef } from "react";
import { Button } from "react-aria-components";
import { Link, useLocation } from "react-router";
import { PersonPageDocument, type PersonPageQuery } from "../generated/people.ts";
import { PaneHead } from "../parts/pane-head.tsx";
import { Avatar, showNumber } from "../parts/person.tsx";
import { useRead } from "../parts/read.ts";
import { Failed, hasFailed, Problem, Skeleton, Unreadable } from "../parts/state.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { ContactForm } from "./contact-form.tsx";
import { Groups } from "./groups.tsx";
import { nameOfContact } from "./names.ts";
import { NewContact, NewParticipant } from "./new-record.tsx";
import { OptOut } from "./opt-out.tsx";
import { ParticipantForm } from "./participant-form.tsx";
import { searchIn } from "./search.ts";
import { Series } from "./series.tsx";
import { Tokens } from "./tokens.tsx";
import { TwoNames } from "./two-names.tsx";

const words = strings.people;

/** Everything about one number, from both platforms, as far as the key may see it. */
export function PersonPage({ phoneNumber }: { readonly phoneNumber: string }) {
  const may = useMay();
  const location = useLocation();
  const withContact = may("contacts:read");
  const withParticipant = may("participants:read");
  const withGroups = may("groups:read");
  const { data, error, loading, refetch } = useRead(PersonPageDocument, {
    variables: { phoneNumber, withContact, withParticipant, withGroups },
  });
  const person = data?.person;
  const name = person?.displayName ?? showNumber(phoneNumber);
  const isOptedOut = typeof person?.optedOutAt === "string";
  const maySubscribe = may("series:read") && may("messages:send") && withGroups;
  const failed = (field: string) => hasFailed(error, `person.${field}`);
  return (
    <section className="thread person" aria-labelledby="person-title">
      <PaneHead
        id="person-title"
        title={name}
        line={
          <span className="person-line">
            {name !== showNumber(phoneNumber) && <span className="muted">{showNumber(phoneNumber)}</span>}
            {isOptedOut && <span className="badge badge-danger">{strings.inbox.optedOut}</span>}
          </span>
        }
        back={{ to: `/people${searchIn(location)}`, label: words.back }}
        avatar={<Avatar name={name} />}
      >
        {may("messages:read") && isOptedOut && (
          <Button className="button" isDisabled aria-label={words.writeForbidden}>
            <MessageSquare aria-hidden size={18} />
            <span className="only-wide">{words.write}</span>
          </Button>
        )}
        {may("messages:read") && !isOptedOut && (
          <Link className="button" to={`/inbox/${phoneNumber}`}>
            <MessageSquare aria-hidden size={18} />
            <span className="only-wide">{words.write}</span>
          </Link>
        )}
      </PaneHead>
      {error !== undefined && !person ? (
        <Failed error={error} title={words.personFailedTitle} onRetry={() => void refetch()} />
      ) : (
        <Problem error={error} onRetry={() => void refetch()} />
      )}
      {loading && person === undefined && <Skeleton rows={3} of="cards" />}
      {person && (
        <div className="cards">
          {person.contact && person.participant && (
            <TwoNames contact={person.contact} participant={person.participant} />
          )}
          {(withContact || maySubscribe) && (
            <div className="stack">
              {withContact && <ContactCard person={person} isUnread={failed("contact") || failed("contactLink")} />}
              {maySubscribe && (
                <Series
                  phoneNumber={phoneNumber}
                  timeZone={person.contact?.timezone ?? null}
                  // Whoever cannot be asked about is not texted.
                  isOptedOut={person.optedOutAt !== null || failed("optedOutAt")}
                />
              )}
            </div>
          )}
          {withParticipant && (
            <div className="stack">
              <ParticipantCard
                participant={person.participant ?? null}
                phoneNumber={phoneNumber}
                contactName={person.contact ? nameOfContact(person.contact) : ""}
                isOptedOut={isOptedOut}
                isUnread={failed("participant")}
                groupsAreUnread={failed("participant.groups")}
              />
              {may("campaigns:read") && person.participant && <Tokens participantId={person.participant.id} />}
            </div>
          )}
          <OptOut
            phoneNumber={phoneNumber}
            optedOutAt={person.optedOutAt}
            decision={person.optOut}
            isUnread={failed("optedOutAt")}
          />
        </div>
      )}
    </section>
  );
}

type Person = NonNullable<PersonPageQuery["person"]>;

interface ContactProps {
  readonly person: Person;
  readonly isUnread: boolean;
}

function ContactCard({ person: { phoneNumber, contact, contactLink, participant }, isUnread }: ContactProps) {
  const may = useMay();
  const heading = useRef<HTMLHeadingElement>(null);
  return (
    <section className="panel" aria-labelledby="contact-title">
      <h2 id="contact-title" ref={heading} tabIndex={-1}>
        {words.pidj}
      </h2>
      {isUnread && <Unreadable>{words.pidjUnread}</Unreadable>}
      {contact && <ContactForm key={contact.id} contact={contact} />}
      {contact?.tags && contact.tags.length > 0 && (
        <ul className="chips" aria-label={words.tags}>
          {contact.tags.map((tag) => (
            <li className="chip" key={tag}>
              {tag}
            </li>
          ))}
        </ul>
      )}
      {!contact && !isUnread && (
        <p className="muted">{contactLink?.state === "AMBIGUOUS" ? words.ambiguous : words.noContact}</p>
      )}
      {!contact && contactLink?.state === "UNKNOWN" && !isUnread && may("contacts:write") && (
        <NewContact
          phoneNumber={phoneNumber}
          name={participant?.name ?? ""}
          onCreated={() => heading.current?.focus()}
        />
      )}
      {contactLink?.source && <p className="muted">{words.sources[contactLink.source]}</p>}
    </section>
  );
}

interface ParticipantProps {
  readonly participant: NonNullable<Person["participant"]> | null;
  readonly phoneNumber: string;
  /** Empty if Pidj has none. */
  readonly contactName: string;
  readonly isOptedOut: boolean;
  readonly isUnread: boolean;
  readonly groupsAreUnread: boolean;
}

function ParticipantCard({ participant, isUnread, groupsAreUnread, isOptedOut, ...props }: ParticipantProps) {
  const may = useMay();
  const heading = useRef<HTMLHeadingElement>(null);
  const isSubscribed = participant?.isSubscribed;
  const takesTexts = isSubscribed === true ? words.yes : isSubscribed === false ? words.no : words.unknown;
  return (
    <section className="panel" aria-labelledby="participant-title">
      <h2 id="participant-title" ref={heading} tabIndex={-1}>
        {words.textizen}
      </h2>
      {isUnread && <Unreadable>{words.textizenUnread}</Unreadable>}
      {!participant && !isUnread && <p className="muted">{words.noParticipant}</p>}
      {!participant && !isUnread && may("participants:write") && (
        <NewParticipant
          phoneNumber={props.phoneNumber}
          name={props.contactName}
          onCreated={() => heading.current?.focus()}
        />
      )}
      {participant && (
        <>
          <ParticipantForm key={participant.id} participant={participant} />
          <dl>
            <dt>{words.subscription}</dt>
            <dd>{isOptedOut ? words.noOptedOut : takesTexts}</dd>
          </dl>
          {isOptedOut && isSubscribed !== false && <p className="muted">{words.textizenNotTold}</p>}
          {groupsAreUnread && <Unreadable>{words.groupsUnread}</Unreadable>}
          {!groupsAreUnread && participant.groups !== undefined && (
            <Groups participantId={participant.id} groups={participant.groups} />
          )}
        </>
      )}
    </section>
  );
}
