// Language and theme: chosen from the browser, switchable, remembered.
import { chooseLanguage, type Language } from "../i18n/language.ts";
import { Remembered } from "./remembered.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export const language = new Remembered<Language>("adaos.language", (stored) =>
  chooseLanguage(stored, navigator.languages),
);

export const theme = new Remembered<Theme>(
  "adaos.theme",
  (stored) => themes.find((known) => known === stored) ?? "system",
);

/** Puts both into the page's root element, now and when they change. */
export function applyPreferences(root: HTMLElement): void {
  const apply = () => {
    root.lang = language.get();
    if (theme.get() === "system") delete root.dataset.theme;
    else root.dataset.theme = theme.get();
  };
  language.subscribe(apply);
  theme.subscribe(apply);
  apply();
}
