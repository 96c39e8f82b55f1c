// Every sentence of the console, in English. Another language is another object of the type `Strings`.

const number = new Intl.NumberFormat("en");
const plural = (count: number, one: string, other: string) => `${number.format(count)} ${count === 1 ? one : other}`;

const en = {
  name: "textgraph console",
  skip: "Skip to content",
  nav: { label: "Sections", inbox: "Inbox", people: "People", polls: "Polls", operations: "Operations" },
  account: {
    signOut: "Sign out",
    anonymous: "Sign-in is off",
    themeLabel: "Appearance",
    themes: { system: "As the system", light: "Light", dark: "Dark" },
  },
  signIn: {
    title: "Sign in",
    lead: "Enter the key that you were given. It is kept until you close this tab.",
    graph: "Address of the graph",
    key: "API key",
    keyHint: "It begins with tg_. Leave it empty if the server asks for none.",
    submit: "Sign in",
    checking: "Signing in…",
    none: "",
    refused: "This key is not valid, or no longer. Check that all of it was copied, or ask for a new one.",
    ended: "You were signed out because your key is no longer valid. Sign in with another one.",
    unreachable: "There is no answer from this address. Check the address and your connection, then try again.",
  },
  states: {
    loading: "Loading…",
    offline: "You are offline. What you see may be old; nothing can be sent until the connection is back.",
    forbiddenTitle: "Your key does not open this",
    forbidden: "Ask the people who run the server for a key with more permissions.",
    missingTitle: "There is no such page",
    missing: "Choose a section from the menu.",
    failedTitle: "This cannot be shown",
    retry: "Try again",
    partial: "Some of this cannot be shown at the moment.",
    broken: "Something in this page went wrong. Load it again; nothing you have sent is lost.",
    reload: "Load again",
  },
  inbox: {
    title: "Inbox",
    list: "Conversations",
    all: "All",
    unread: "Unread",
    show: "Show",
    unreadCount: (count: number) => plural(count, "unread text", "unread texts"),
    total: (count: number) => plural(count, "conversation", "conversations"),
    you: "You: ",
    optedOut: "Opted out",
    unknown: "Uncertain",
    emptyTitle: "No texts yet",
    empty: "As soon as somebody texts one of your lines, it appears here.",
    noUnreadTitle: "All read",
    noUnread: "There is nothing that somebody has not looked at.",
    chooseTitle: "Choose a conversation",
    choose: "Pick somebody on the left to read and answer.",
    back: "All conversations",
    older: "Earlier texts",
    more: "More conversations",
    since: (date: string) => `Texts from before ${date} are not known here.`,
    noMessages: "No texts with this number yet. Write the first one below.",
    from: "Sent from",
    message: "Your text",
    placeholder: "Write a text…",
    send: "Send",
    sending: "Sending…",
    noLine: "No line can send texts: none has a phone number.",
    segments: (count: number) => plural(count, "text", "texts"),
    characters: (count: number) => plural(count, "character", "characters"),
    costly: (characters: string) =>
      `${characters} makes this text longer to send. Without it, one text holds 160 characters, not 70.`,
    truncated: "Too long: at most 1,600 characters are delivered. Please shorten it.",
    blocked: (date: string) => `This person asked not to be texted (${date}). You cannot write to them.`,
    newTexts: (name: string) => `New text from ${name}`,
  },
  outcome: {
    IN_PROGRESS: "Sending…",
    ACCEPTED: "Sent",
    REFUSED: "Not sent",
    UNKNOWN: "It is not certain whether this text was sent. Do not send it again: ask somebody who can check first.",
  },
} as const;

/** What another language has to say. */
export type Strings = typeof en;

export const strings: Strings = en;

/** `en`: how dates and numbers are written. */
export const LOCALE = "en";
