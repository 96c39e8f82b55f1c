import { readCredentials } from "./credentials.ts";
import { askFirst } from "./first-questions.ts";
import { applyTheme, readTheme } from "./shell/theme.ts";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/inbox.css";
import "./styles/people.css";
import "./styles/ops.css";
import "./styles/send.css";

// This file is small, so that the first questions are on their way before the rest of the console is there.
const credentials = readCredentials();
const answers = askFirst(credentials, location.pathname);
applyTheme(readTheme());
// The first format takes a browser long to make. Now it has nothing else to do.
new Intl.DateTimeFormat();
void import("./app.tsx").then(({ showApp }) => showApp(answers));
if (credentials.key !== "") {
  // What is behind the sign-in. Without a key it is loaded behind the form.
  void import("./signed-in.tsx");
}
