/** Light, dark, or what the system has. Remembered by this browser. */
export type Theme = "system" | "light" | "dark";

const NAME = "console.theme";

export function readTheme(): Theme {
  const kept = localStorage.getItem(NAME);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function applyTheme(theme: Theme): void {
  localStorage.setItem(NAME, theme);
  document.documentElement.dataset["theme"] = theme;
}
