import { useQuery } from "@apollo/client/react";
import { ArrowLeft } from "lucide-react";
import { Link } from "react-router";
import { PersonPageDocument, type PersonPageQuery } from "../generated/operations.ts";
import { Avatar, showNumber } from "../parts/person.tsx";
import { Problem, Skeleton } from "../parts/state.tsx";
import { useMay } from "../session.tsx";
import { strings } from "../strings.ts";
import { ContactForm } from "./contact-form.tsx";
import { OptOut } from "./opt-out.tsx";

const words = strings.people;

/** Everything about one number, from both platforms, as far as the key may see it. */
export function PersonPage({ phoneNumber }: { readonly phoneNumber: string }) {
  const may = useMay();
  const withContact = may("contacts:read");
  const withParticipant = may("participants:read") && may("groups:read");
  const { data, error, loading, refetch } = useQuery(PersonPageDocument, {
    variables: { phoneNumber, withContact, withParticipant },
  });
  const person = data?.person;
  const name = person?.displayName ?? showNumber(phoneNumber);
  return (
    <section className="thread person" aria-labelledby="person-title">
      <header className="pane-head">
        <Link className="icon-link only-narrow" to="/people" aria-label={words.back}>
          <ArrowLeft aria-hidden size={20} />
        </Link>
        <Avatar name={name} />
        <div className="thread-who">
          <h1 id="person-title">{name}</h1>
          <span className="muted">{showNumber(phoneNumber)}</span>
        </div>
        {may("messages:read") && (
          <Link className="button" to={`/inbox/${phoneNumber}`}>
            {words.write}
          </Link>
        )}
      </header>
      <Problem error={error} onRetry={() => void refetch()} />
      {loading && person === undefined ? (
        <Skeleton rows={3} />
      ) : (
        <div className="cards">
          {withContact && <ContactCard person={person} />}
          {withParticipant && <ParticipantCard participant={person?.participant ?? null} />}
          <OptOut phoneNumber={phoneNumber} optedOutAt={person?.optedOutAt ?? null} />
        </div>
      )}
    </section>
  );
}

type Person = PersonPageQuery["person"];

function ContactCard({ person }: { readonly person: Person | undefined }) {
  const { contact, contactLink } = person ?? {};
  return (
    <section className="panel" aria-labelledby="contact-title">
      <h2 id="contact-title">{words.pidj}</h2>
      {contact ? (
        <ContactForm key={contact.id} contact={contact} />
      ) : (
        <p className="muted">{contactLink?.state === "AMBIGUOUS" ? words.ambiguous : words.noContact}</p>
      )}
      {contactLink?.source && <p className="muted">{words.sources[contactLink.source]}</p>}
    </section>
  );
}

function ParticipantCard({ participant }: { readonly participant: NonNullable<Person>["participant"] | null }) {
  const { name, isSubscribed, groups } = participant ?? {};
  const takesTexts = isSubscribed === true ? words.yes : isSubscribed === false ? words.no : words.unknown;
  return (
    <section className="panel" aria-labelledby="participant-title">
      <h2 id="participant-title">{words.textizen}</h2>
      {participant ? (
        <dl>
          <dt>{words.name}</dt>
          <dd>{name ?? words.unknown}</dd>
          <dt>{words.subscription}</dt>
          <dd>{takesTexts}</dd>
          <dt>{words.groups}</dt>
          <dd>{groups?.map((group) => group.name ?? group.id).join(", ") || words.none}</dd>
        </dl>
      ) : (
        <p className="muted">{words.noParticipant}</p>
      )}
    </section>
  );
}
