/** Subjects of polls: each gives the four questions of a poll, and what people answer. */
export interface Theme {
  readonly title: string;
  readonly choice: string;
  readonly options: readonly string[];
  /** Asked after the first option. */
  readonly detail: string;
  readonly detailOptions: readonly string[];
  readonly yesNo: string;
  readonly open: string;
  readonly comments: readonly string[];
}

export const THEMES: readonly [Theme, ...Theme[]] = [
  {
    title: "Riverside Park",
    choice: "What should we build first?",
    options: ["Playground", "Bike path", "Dog run", "More benches"],
    detail: "For which age is the playground?",
    detailOptions: ["Under 5", "6 to 12", "Teenagers"],
    yesNo: "Do you visit the park every week?",
    open: "What else should we know about the park?",
    comments: [
      "Please fix the lights by the river",
      "Too many geese!",
      "more shade, more trees",
      "I love it as it is 🌳",
    ],
  },
  {
    title: "Bus routes",
    choice: "Which change matters most to you?",
    options: ["Later buses", "Fewer transfers", "Lower fares", "Shelters"],
    detail: "Until when should buses run?",
    detailOptions: ["Midnight", "1 am", "All night"],
    yesNo: "Did you ride a bus this week?",
    open: "Which stop needs work, and why?",
    comments: [
      "5th & Main has no bench",
      "the 42 is always late",
      "no sidewalk at Elm St",
      "drivers are great, thanks",
    ],
  },
  {
    title: "Library hours",
    choice: "When would you come?",
    options: ["Weekday evenings", "Saturday", "Sunday"],
    detail: "Which evening suits you best?",
    detailOptions: ["Tuesday", "Wednesday", "Thursday"],
    yesNo: "Do you have a library card?",
    open: "Which service do you miss?",
    comments: ["tool lending", "¿Más libros en español?", "quiet rooms for homework", "A 3D printer would be cool"],
  },
  {
    title: "Town budget",
    choice: "Where should the next dollar go?",
    options: ["Roads", "Schools", "Public safety", "Lower taxes"],
    detail: "Which roads first?",
    detailOptions: ["Downtown", "County roads", "School routes"],
    yesNo: "Have you read the budget summary?",
    open: "What would you cut?",
    comments: ["nothing", "Consultants.", "the fireworks, sorry", "hard to say without numbers"],
  },
];
