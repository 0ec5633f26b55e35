import { describe, expect, test } from "vitest";
import { en, type MessageKey } from "./en.ts";
import { argumentsOf, format, localeOf, MessageError, parse, pluralFormsOf } from "./format.ts";
import { chooseLanguage, languages, localized } from "./language.ts";
import { messages, translatorFor } from "./translator.ts";

const keys = Object.keys(en) as MessageKey[];

describe("the two languages", () => {
  test("have the same keys, each with a text", () => {
    for (const language of languages) {
      expect(Object.keys(messages[language]).sort(), language).toEqual([...keys].sort());
      for (const key of keys) expect(messages[language][key].trim(), key).not.toBe("");
    }
  });

  test("use the same arguments in each message", () => {
    for (const key of keys) {
      const [english, russian] = [parse(messages.en[key]), parse(messages.ru[key])];
      expect([...argumentsOf(russian)].sort(), key).toEqual([...argumentsOf(english)].sort());
    }
  });

  test("have every plural category that their language knows", () => {
    for (const language of languages) {
      const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const key of keys) {
        for (const forms of pluralFormsOf(parse(messages[language][key]))) {
          expect(forms, `${language} ${key}`).toEqual(expect.arrayContaining(wanted));
        }
      }
    }
  });

  test("speak Russian in the Russian texts", () => {
    const same = keys.filter((key) => messages.ru[key] === messages.en[key]);
    expect(same).toEqual(["app.title", "step.of"]);
  });

  test("cover every outcome of every kind of operation the hub ships", () => {
    for (const kind of [
      "skill.install",
      "skill.uninstall",
      "scenario.install",
      "scenario.uninstall",
      "workspace.update",
      "registry.refresh",
      "diagnostics.run",
      "migration.run",
      "model.download",
      "model.remove",
    ]) {
      expect(keys).toContain(`operation.${kind}`);
      for (const outcome of ["succeeded", "failed", "cancelled"]) {
        expect(keys).toContain(`notification.${kind}.${outcome}`);
      }
    }
  });
});

describe("a message", () => {
  const russian = translatorFor("ru");

  test("takes the Russian plural that the number asks for", () => {
    const updates = (count: number) => russian.t("actions.updates", { count });
    expect([1, 2, 5, 11, 21, 22].map(updates)).toEqual([
      "1 обновление",
      "2 обновления",
      "5 обновлений",
      "11 обновлений",
      "21 обновление",
      "22 обновления",
    ]);
  });

  test("takes an exact number before a category", () => {
    expect(translatorFor("en").t("marketplace.found", { count: 0 })).toBe("Nothing found");
  });

  test("shows an argument as it is, with braces and markup left alone", () => {
    const title = "<b>{name}</b>";
    expect(translatorFor("en").t("operation.skill.install", { title })).toBe(
      "Install skill <b>{name}</b>",
    );
  });

  test("leaves a missing argument empty", () => {
    expect(format(parse("a {b} c"), {}, localeOf("en"))).toBe("a  c");
  });

  test("that is malformed is refused with the place", () => {
    for (const source of ["{", "a } b", "{n, select, other {x}}", "{n, plural, one {x}}", "{}"]) {
      expect(() => parse(source), source).toThrow(MessageError);
    }
  });

  test("of a key that this page does not know is undefined", () => {
    expect(russian.maybe("operation.moon.fly")).toBeUndefined();
    expect(russian.maybe("toString")).toBeUndefined();
  });
});

describe("the language", () => {
  test("is the remembered one, else the browser's, else English", () => {
    expect(chooseLanguage("en", ["ru-RU"])).toBe("en");
    expect(chooseLanguage(null, ["de-DE", "ru-RU", "en"])).toBe("ru");
    expect(chooseLanguage("klingon", [])).toBe("en");
  });

  test("of an author's text falls back to the plain one", () => {
    expect(localized({ en: "Notes", ru: "Заметки" }, "ru", "notes")).toBe("Заметки");
    expect(localized({ ru: "Заметки" }, "en", "")).toBe("Заметки");
    expect(localized({ key: "x", fallback: "Notes" }, "en", "")).toBe("Notes");
    expect(localized({}, "ru", "notes")).toBe("notes");
  });
});

test("sizes and times are written in the language", () => {
  const [english, russian] = [translatorFor("en"), translatorFor("ru")];
  expect(english.bytes(4096)).toBe("4.1 kB");
  expect(russian.bytes(4096)).toMatch(/4,1.кБ/);
  expect(english.ago(5 * 60_000)).toBe("5 minutes ago");
  expect(russian.ago(2 * 3_600_000)).toBe("2 часа назад");
  expect(english.duration(65_000)).toBe("1 min 5 sec");
});
