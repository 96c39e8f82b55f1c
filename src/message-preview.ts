/** What would be delivered of a text. */
export interface MessagePreview {
  readonly text: string;
  readonly encoding: "GSM_7" | "UCS_2";
  readonly characterCount: number;
  readonly segmentCount: number;
  readonly isTruncated: boolean;
  readonly mayBeTruncated: boolean;
  readonly nonGsmCharacters: readonly string[];
}

export function previewMessage(text: string): MessagePreview {
  const characters = [...text];
  return {
    text: characters.slice(0, 1_600).join(""),
    encoding: "GSM_7",
    characterCount: characters.length,
    segmentCount: 1,
    isTruncated: characters.length > 1_600,
    mayBeTruncated: false,
    nonGsmCharacters: [],
  };
}
