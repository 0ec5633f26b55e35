// Texts, numbers and times in one language. Made once per language; safe to share.
import { en, type MessageKey } from "./en.ts";
import { format, localeOf, parse, type Args } from "./format.ts";
import type { Language } from "./language.ts";
import { ru } from "./ru.ts";

export const messages: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = {
  en,
  ru,
};

export interface Translator {
  readonly language: Language;
  t(key: MessageKey, args?: Args): string;
  /** A key that came from the hub: undefined when this page has no text for it. */
  maybe(key: string, args?: Args): string | undefined;
  percent(value: number): string; // 0..100
  bytes(value: number): string;
  ago(milliseconds: number): string;
  duration(milliseconds: number): string;
  list(names: readonly string[]): string;
}

const second_ms = 1000;
const minute_ms = 60 * second_ms;
const hour_ms = 60 * minute_ms;
const day_ms = 24 * hour_ms;

const byteUnits = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

function bytesIn(language: Language, value: number): string {
  let amount = Math.max(0, value);
  let unit = 0;
  while (amount >= 1000 && unit < byteUnits.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: byteUnits[unit] ?? "byte",
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: amount < 10 ? 1 : 0,
  }).format(amount);
}

function unitIn(language: Language, value: number, unit: "second" | "minute" | "hour"): string {
  const options = { style: "unit", unit, unitDisplay: "short" } as const;
  return new Intl.NumberFormat(language, options).format(value);
}

function durationIn(language: Language, milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / second_ms));
  if (seconds < 60) return unitIn(language, seconds, "second");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${unitIn(language, minutes, "minute")} ${unitIn(language, seconds % 60, "second")}`;
  }
  return `${unitIn(language, Math.floor(minutes / 60), "hour")} ${unitIn(language, minutes % 60, "minute")}`;
}

export function translatorFor(language: Language): Translator {
  const locale = localeOf(language);
  const texts = new Map<string, string>(Object.entries(messages[language]));
  const parsed = new Map<string, ReturnType<typeof parse>>();
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "always", style: "long" });
  const percents = new Intl.NumberFormat(language, { style: "percent" });
  const lists = new Intl.ListFormat(language, { type: "conjunction" });

  const maybe = (key: string, args: Args = {}): string | undefined => {
    const source = texts.get(key);
    if (source === undefined) return undefined;
    const parts = parsed.get(key) ?? parse(source);
    parsed.set(key, parts);
    return format(parts, args, locale);
  };
  const t = (key: MessageKey, args: Args = {}): string => maybe(key, args) ?? key;

  return {
    language,
    t,
    maybe,
    percent: (value) => percents.format(value / 100),
    bytes: (value) => bytesIn(language, value),
    ago: (milliseconds) => {
      if (milliseconds < minute_ms) return t("time.now");
      if (milliseconds < hour_ms) {
        return relative.format(-Math.floor(milliseconds / minute_ms), "minute");
      }
      if (milliseconds < day_ms)
        return relative.format(-Math.floor(milliseconds / hour_ms), "hour");
      return relative.format(-Math.floor(milliseconds / day_ms), "day");
    },
    duration: (milliseconds) => durationIn(language, milliseconds),
    list: (names) => lists.format(names),
  };
}
