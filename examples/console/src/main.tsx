import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { applyTheme, readTheme } from "./shell/theme.ts";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/inbox.css";
import "./styles/people.css";
import "./styles/ops.css";
import "./styles/send.css";

applyTheme(readTheme());
const root = document.getElementById("app");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
