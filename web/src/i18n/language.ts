// Which language the page speaks: the one chosen here before, else the browser's, else English.

export const languages = ["en", "ru"] as const;
export type Language = (typeof languages)[number];

/** Each language by its own name. */
export const languageNames: Readonly<Record<Language, string>> = { en: "English", ru: "Русский" };

export function chooseLanguage(remembered: string | null, wanted: readonly string[]): Language {
  for (const tag of [remembered ?? "", ...wanted]) {
    const primary = tag.toLowerCase().split("-")[0];
    const known = languages.find((language) => language === primary);
    if (known) return known;
  }
  return "en";
}

/** A text that its author may have translated: {"en": …, "ru": …} or {"key": …, "fallback": …}. */
export function localized(
  translations: Readonly<Record<string, unknown>>,
  language: Language,
  plain: string,
): string {
  for (const candidate of [translations[language], plain, translations.fallback]) {
    if (typeof candidate === "string" && candidate !== "") return candidate;
  }
  const anything = Object.values(translations).find((text) => typeof text === "string");
  return typeof anything === "string" ? anything : "";
}
