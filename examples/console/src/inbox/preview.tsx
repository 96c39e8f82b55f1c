import { skipToken, useQuery } from "@apollo/client/react";
import { PreviewDocument, type PreviewQuery } from "../generated/inbox.ts";
import { useTyped } from "../parts/timing.ts";
import { strings } from "../strings.ts";

type Preview = PreviewQuery["messagePreview"];

const words = strings.inbox;

/** What would be delivered of a text, asked when nobody has typed for a moment; undefined for an empty one. */
export function usePreview(text: string): Preview | undefined {
  const asked = useTyped(text);
  const { data, previousData } = useQuery(PreviewDocument, asked === "" ? skipToken : { variables: { text: asked } });
  return text === "" ? undefined : (data ?? previousData)?.messagePreview;
}

/** How long the text is to send, and what makes it longer. */
export function Length({ preview }: { readonly preview: Preview | undefined }) {
  if (preview === undefined) {
    return <span />;
  }
  const { segmentCount, characterCount, isTruncated, nonGsmCharacters } = preview;
  return (
    <div className="length" role="status">
      <span className={segmentCount > 1 ? "is-long" : ""}>
        {words.segments(segmentCount)} · {words.characters(characterCount)}
      </span>
      {isTruncated && <span className="is-long">{words.truncated}</span>}
      {nonGsmCharacters.length > 0 && (
        <span>{words.costly(nonGsmCharacters.slice(0, 5).join(" "), nonGsmCharacters.length)}</span>
      )}
    </div>
  );
}

interface UnderlinedProps {
  readonly text: string;
  readonly characters: readonly string[];
}

/** The text once more, under the box that is typed in, with a line under each character that makes it expensive. */
export function Underlined({ text, characters }: UnderlinedProps) {
  const parts = characters.reduce<readonly string[]>(
    (found, character) => found.flatMap((part) => (characters.includes(part) ? [part] : split(part, character))),
    [text],
  );
  return (
    <div className="underlined" aria-hidden>
      {parts.map((part, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
        characters.includes(part) ? <mark key={index}>{part}</mark> : part,
      )}
    </div>
  );
}

function split(part: string, character: string): readonly string[] {
  return part.split(character).flatMap((piece, index) => (index === 0 ? [piece] : [character, piece]));
}
